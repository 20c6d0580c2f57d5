"""What is looked at while it passes: events, statistics, archives."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guard.tar import MAX_BYTES, MAX_ENTRIES, MAX_ENTRY, TarWatch
from tests.guard.lab import LAB, NETWORK, OTHER, OTHER_NETWORK, THEIRS, TOOLBOX, WEB, asked, forwarded


def event(kind: str, action: str, identity: str, **attributes: str) -> bytes:
    return json.dumps(
        {"Type": kind, "Action": action, "Actor": {"ID": identity, "Attributes": attributes}, "time": 1}
    ).encode()


def labels(lab: str = LAB, role: str = "learner") -> dict[str, str]:
    return {"dosirak.lab": lab, "dosirak.role": role, "dosirak.image": "diamol/base", "image": "sha256:1"}


def shown(data: bytes, filters: dict[str, Any] | None = None) -> Any:
    view = forwarded(asked("GET", "/events", None, filters=json.dumps(filters or {}))).reply.lines
    assert view is not None
    line = view(data)
    return None if line is None else json.loads(line)


@pytest.mark.parametrize(
    "line",
    [
        event("container", "exec_create: echo SECRET", THEIRS, name=f"lab-{OTHER}.x", **labels(OTHER)),
        event("container", "start", TOOLBOX, name="toolbox", **labels(role="toolbox")),
        event("network", "connect", OTHER_NETWORK, name=f"lab-{OTHER}", container=THEIRS),
        event("network", "connect", NETWORK, name=f"lab-{LAB}", container=TOOLBOX),
        event("network", "connect", NETWORK, name=f"lab-{LAB}", container=THEIRS),
        event("volume", "mount", f"lab-{OTHER}.data", container=THEIRS),
        event("volume", "mount", f"lab-{LAB}.data", container=TOOLBOX),
        event("image", "pull", "alpine:latest", name="alpine"),
        event("daemon", "reload", "XYZ", name="vm"),
        b"",
    ],
)
def test_an_event_that_is_not_the_labs_own_never_passes(line: bytes) -> None:
    """Case F140."""
    assert shown(line) is None


def test_own_events_pass_in_the_labs_names() -> None:
    """Containers, networks and volumes, with the image's written name and without the lab's labels."""
    started = shown(event("container", "start", WEB, name=f"lab-{LAB}.web", own="1", **labels()))
    assert started["Actor"]["Attributes"] == {"name": "web", "own": "1", "image": "diamol/base"}
    joined = shown(event("network", "connect", NETWORK, name=f"lab-{LAB}", container=WEB, type="bridge"))
    assert joined["Actor"]["Attributes"]["name"] == "bridge"
    mounted = shown(event("volume", "mount", f"lab-{LAB}.data", container=WEB))
    assert mounted["Actor"]["ID"] == "data"


def test_a_container_made_during_the_stream_is_the_labs_own_from_its_first_event() -> None:
    """Its labels say so; its network event follows without any."""
    view = forwarded(asked("GET", "/events")).reply.lines
    assert view is not None and view(event("network", "connect", NETWORK, container="9" * 64)) is None
    assert view(event("container", "create", "9" * 64, name="odd_name", **labels())) is not None
    assert view(event("network", "connect", NETWORK, container="9" * 64)) is not None


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({"type": ["container"]}, True),
        ({"type": ["network"]}, False),
        ({"event": ["start", "die"]}, True),
        ({"event": ["die"]}, False),
        ({"container": ["web"]}, True),
        ({"container": [THEIRS]}, False),
        ({"image": ["diamol/base"]}, True),
        ({"label": ["own=1"]}, True),
        ({"label": ["dosirak.lab"]}, False),
    ],
)
def test_the_clients_filters_are_answered_here(filters: dict[str, Any], passes: bool) -> None:
    """The engine gets the kinds and times alone."""
    line = event("container", "start", WEB, name=f"lab-{LAB}.web", own="1", **labels())
    assert (shown(line, filters) is not None) is passes


def test_statistics_name_the_container_as_the_learner_does() -> None:
    """The stream's lines carry the engine's name."""
    view = forwarded(asked("GET", "/containers/web/stats?stream=1")).reply.lines
    assert view is not None
    assert json.loads(view(json.dumps({"name": f"/lab-{LAB}.web", "x": 1}).encode()) or b"") == {"name": "/web", "x": 1}


def archive(*members: tarfile.TarInfo, mode: str = "w") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as tar:  # type: ignore[call-overload]  # the mode is one of tarfile's own
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return data.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info


@settings(deadline=None)
@given(st.lists(st.integers(1, 700), max_size=20))
def test_a_plain_archive_passes_in_any_pieces(sizes: list[int]) -> None:
    """Headers are found wherever the pieces are cut."""
    data = archive(member("a.txt", size=700), member("folder", tarfile.DIRTYPE), member("link", tarfile.SYMTYPE))
    watch, position = TarWatch(), 0
    for size in [*sizes, len(data)]:
        assert watch.feed(data[position : position + size])
        position += size


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"Z"])
def test_device_files_and_unknown_kinds_end_the_upload(kind: bytes) -> None:
    """Case I174."""
    assert not TarWatch().feed(archive(member("ok"), member("bad", kind)))


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_compressed_archive_ends_the_upload(mode: str) -> None:
    """The engine would unpack it with the container's own programs (CVE-2026-41567)."""
    data = archive(member("a.txt", size=5000), mode=mode)
    assert not TarWatch().feed(data.ljust(1024, b"\0"))


@pytest.mark.parametrize(
    "magic", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"(\xb5/\xfd", b"\x50\x2a\x4d\x18", b"\x5f\x2a\x4d\x18"]
)
def test_what_begins_like_a_compressed_archive_ends_the_upload(magic: bytes) -> None:
    """The engine goes by the first bytes alone: also a tar whose first name has them, and nothing but them."""
    tar = magic + archive(member("a.txt"))[len(magic) :]
    watch = TarWatch()
    assert not TarWatch().feed(tar) and not TarWatch().feed(magic)
    assert not all([watch.feed(bytes([byte])) for byte in magic])
    assert TarWatch().feed(archive(member("a.txt"), member("BZh9")))


def extended(**records: str) -> bytes:
    """An archive of one file with these records before it."""
    info = member("file")
    info.pax_headers = records
    return archive(info)


@pytest.mark.parametrize(
    "records",
    [
        {"size": "0"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1000000000000"},
        {"GNU.sparse.map": "0,1"},
        {"SCHILY.xattr.security.capability": "x"},
    ],
    ids=lambda records: next(iter(records)),
)
def test_no_extended_header_says_another_size(records: dict[str, str]) -> None:
    """A file that is larger, or smaller, for the engine than for us; nor extended attributes."""
    assert not TarWatch().feed(extended(**records))


def test_extended_headers_with_long_and_korean_names_pass() -> None:
    """What the CLI writes before such files, in pieces too."""
    data = extended(path="도시락/" + "x" * 300, mtime="1.5")
    watch = TarWatch()
    assert all([watch.feed(data[place : place + 100]) for place in range(0, len(data), 100)])


@pytest.mark.parametrize("old", [b"13 path=file\n", b"99 path=file\n", b"12 path:file\n", b"012 path=fil\n"])
def test_an_extended_header_that_cannot_be_read_ends_the_upload(old: bytes) -> None:
    """Lengths that do not fit, no `=`, a length in another form."""
    data = extended(path="file")
    assert b"13 path=file\n" in data and old in data.replace(b"13 path=file\n", old)
    assert TarWatch().feed(data.replace(b"13 path=file\n", old)) is (old == b"13 path=file\n")


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.AREGTYPE])
def test_what_has_no_content_says_no_size(kind: bytes) -> None:
    """Go would take what follows for the next header, and we for content."""
    head = member("folder/", kind, 512).tobuf(tarfile.USTAR_FORMAT)
    assert not TarWatch().feed(head + member("null", tarfile.CHRTYPE).tobuf(tarfile.USTAR_FORMAT))


def test_sizes_and_counts_are_bounded() -> None:
    """Case I174: sparse terabytes, a million entries, too many bytes."""
    assert not TarWatch().feed(archive(member("a"))[:124] + b"77777777777\0" + archive(member("a"))[136:])
    assert not TarWatch().feed(archive(*(member(str(number)) for number in range(MAX_ENTRIES + 1))))
    head = member("large", size=MAX_ENTRY).tobuf(tarfile.USTAR_FORMAT)
    assert TarWatch().feed(head)
    assert not TarWatch().feed(member("large", size=MAX_ENTRY + 1).tobuf(tarfile.USTAR_FORMAT))
    watch = TarWatch()
    assert not all(watch.feed(bytes(1024 * 1024)) for _ in range(MAX_BYTES // 1024**2 + 1))
