"""Bodies of a create as texts: with keys in other cases, foldings and escapes, twice, and values of every kind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from bot.guard.container_fields import CONFIG, host_config_table
from tests.guard.godecode import STRUCTS
from tests.guard.lab import OWNER

HOST_KEYS = tuple(sorted(host_config_table(OWNER.limits)))
CONFIG_KEYS = tuple(sorted(CONFIG))
FOLDS = {"s": "ſ", "S": "ſ", "k": "\u212a", "K": "\u212a"}
TEMPTING: dict[str, list[Any]] = {
    "Image": ["diamol/base", "diamol/base:latest", "secret/other", "sha256:" + "1" * 64],
    "Privileged": [True, False],
    "Binds": [["/:/h"], ["data:/x"], ["data:/x:ro"], None],
    "Mounts": [[{"Type": kind, "Source": "data", "Target": "/h"}] for kind in ("bind", "volume", "npipe")],
    "PidMode": ["host", ""],
    "IpcMode": ["host", "private"],
    "NetworkMode": ["host", "default", "back", "none", "container:web", "b" * 64],
    "CapAdd": [["ALL"], ["CHOWN"], "SYS_ADMIN"],
    "CapDrop": [["ALL"], ["CHOWN"]],
    "Memory": [0, 2**26, 2**40, -1],
    "PidsLimit": [-1, 0, 10],
    "OomScoreAdj": [-1000, 0],
    "RestartPolicy": [{"Name": "always"}, {"Name": "on-failure", "MaximumRetryCount": 2}],
    "Labels": [{"a": "b"}, {"dosirak.lab": "x"}],
    "Cmd": ["sh", ["sh", "-c", "x"]],
    "Tmpfs": [{"/t": ""}, {"/proc": ""}],
    "PortBindings": [{"80/tcp": [{"HostPort": "80"}]}],
    "MaskedPaths": [[], None],
    "CgroupParent": ["/", ""],
    "SecurityOpt": [["seccomp=unconfined"], ["no-new-privileges"]],
}

words = st.text(max_size=8) | st.sampled_from(["host", "/"])
scalars = st.none() | st.booleans() | st.integers(-(2**66), 2**66) | words
values = st.recursive(
    scalars,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=6,
)


@st.composite
def keys(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    """A known key as a JSON text, mostly as it is, sometimes in a disguise."""
    key = draw(st.sampled_from(names))
    how = draw(st.sampled_from(["as it is"] * 20 + ["case", "fold", "escape"]))
    if how == "case":
        key = draw(st.sampled_from([key.lower(), key.upper(), key.swapcase()]))
    if how == "fold":
        key = "".join(FOLDS.get(letter, letter) for letter in key)
    if how == "escape":
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"'
    return json.dumps(key, ensure_ascii=False)


def key_of(text: str) -> str:
    return str(json.loads(text))


@st.composite
def pairs(draw: st.DrawFn, names: tuple[str, ...], most: int) -> list[str]:
    """The pairs of an object as texts; a key comes twice now and then."""
    unique = None if draw(st.integers(0, 9)) == 0 else key_of
    parts = []
    for text in draw(st.lists(keys(names), max_size=most, unique_by=unique)):
        known = TEMPTING.get(key_of(text))
        likely = st.sampled_from(known) if known and draw(st.integers(0, 3)) else values
        parts.append(f"{text}:{json.dumps(draw(likely))}")
    return parts


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """A body that is near enough to be let through now and then, and wrong in every way that Go forgives."""
    parts = draw(pairs(TOP_KEYS, 2))
    if draw(st.integers(0, 9)):
        parts.append('"Image":"diamol/base"')
    if draw(st.integers(0, 4)):
        parts.append(f"{draw(keys(('HostConfig',)))}:{{{','.join(draw(pairs(HOST_KEYS, 3)))}}}")
    if not draw(st.integers(0, 9)):
        parts += draw(pairs(("HostConfig", *HOST_KEYS), 1))
    return "{" + ",".join(draw(st.permutations(parts))) + "}"


TOP_KEYS = tuple(key for key in CONFIG_KEYS if key not in ("HostConfig", "Image"))
create_texts = bodies()
assert set(STRUCTS) <= {*CONFIG_KEYS, *HOST_KEYS}
