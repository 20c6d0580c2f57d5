"""What is built once is built again exactly when something that matters changes."""

from __future__ import annotations

import platform
import re
import shutil
from pathlib import Path

import pytest

from deploy.host import environment, packages
from deploy.host.faults import HostFault
from deploy.host.images import SOURCES, images_key, wanted_files
from deploy.host.rootfs import merged

REGISTRY_WORDS = re.compile(r"https?:|--(extra-)?index-url|--trusted-host|--find-links")


def test_images_are_built_again_when_a_source_changes(tmp_path: Path) -> None:
    """A changed byte or mode changes the key; the same sources have the same."""
    copy = tmp_path / "images"
    shutil.copytree(SOURCES, copy)
    key = images_key(copy)
    assert key == images_key(copy) == images_key()
    (copy / "hello/cmd.sh").write_text("#!/bin/sh\n")
    changed = images_key(copy)
    (copy / "hello/cmd.sh").chmod(0o700)
    assert len({key, changed, images_key(copy)}) == 3


@pytest.mark.parametrize("name", ["busybox", "web", "toolbox"])
def test_every_file_of_an_image_names_its_package(name: str) -> None:
    """`files.txt` reads as (package, glob below the root)."""
    pairs = list(wanted_files(name))
    assert pairs
    assert all(re.fullmatch(r"[a-z0-9+.-]+", package) and not glob.startswith("/") for package, glob in pairs)


@pytest.mark.parametrize(
    "path, expected",
    [
        ("./bin/sh", "usr/bin/sh"),
        ("usr/bin/vi", "usr/bin/vi"),
        ("./lib64/ld.so", "usr/lib64/ld.so"),
        ("./etc/x", "etc/x"),
    ],
)
def test_a_path_has_one_spelling_in_a_merged_root(path: str, expected: str) -> None:
    """Packages from before and after the merge of / and /usr say the same place."""
    assert merged(path) == expected


def test_an_environment_fits_only_its_own_requirements(tmp_path: Path) -> None:
    """Changed requirements, or a broken folder, make it anew; otherwise the second start does nothing."""
    requirements, folder = tmp_path / "requirements.txt", tmp_path / "venv"
    requirements.write_text("one==1\n")
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").touch()
    assert not environment.fits(folder, requirements)
    (folder / "stamp").write_text(environment.wanted_stamp(requirements))
    assert environment.fits(folder, requirements)
    requirements.write_text("one==2\n")
    assert not environment.fits(folder, requirements)


@pytest.mark.parametrize("requirements", [environment.REQUIREMENTS, environment.TEST_REQUIREMENTS])
def test_requirements_are_pinned_with_hashes_and_name_no_registry(requirements: Path) -> None:
    """Every line is a pin, a hash or a comment."""
    text = requirements.read_text()
    assert not REGISTRY_WORDS.search(text)
    for entry in text.replace("\\\n", " ").splitlines():
        assert entry.startswith("#") or re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_all_that_the_project_imports_is_pinned() -> None:
    """What pyproject.toml asks for is in the pinned files."""
    import tomllib

    project = tomllib.loads((environment.DEPLOY.parent / "pyproject.toml").read_text())["project"]
    for wanted, file in (
        (project["dependencies"], environment.REQUIREMENTS),
        (project["optional-dependencies"]["test"], environment.TEST_REQUIREMENTS),
    ):
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", file.read_text(), re.MULTILINE))
        assert {name.lower() for name in wanted} <= pinned


def test_no_service_starts_while_installing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch is there during the block only, even when the block fails."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", policy)
    with pytest.raises(RuntimeError), packages.no_service_starts():
        assert policy.read_text().endswith("exit 101\n")
        assert policy.stat().st_mode & 0o111
        raise RuntimeError
    assert not policy.exists()


def test_the_owners_own_switch_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's policy is neither replaced nor removed; one that a killed launcher left is."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", policy)
    policy.write_text("#!/bin/sh\nexit 0\n")
    with packages.no_service_starts():
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.exists()
    policy.write_text(packages.POLICY_TEXT)
    packages.forget_policy()
    assert not policy.exists()


def test_what_is_there_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing missing, no package manager is asked: one that is asked says so."""
    asked = tmp_path / "asked"
    for name in ("apt-get", "apt-cache", "dpkg"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >>{asked}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    packages.install((packages.program("sh"),))
    assert not asked.exists()


def test_ubuntus_way_to_a_snap_is_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its `chromium-browser` is a script that starts a snap, or asks for one; what stands behind it is taken."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, text in (("chromium-browser", "#!/bin/sh\nexec /snap/bin/chromium\n"), ("google-chrome", "#!/bin/sh\n")):
        assert packages.find_browser() is None
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    assert packages.find_browser() == str(tmp_path / "google-chrome")


def test_ubuntu_without_a_browser_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is installed: its own package would not help."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "ubuntu"})
    with pytest.raises(HostFault, match=r"\.deb.*google-chrome"):
        packages.demand_browser()
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian"})
    packages.demand_browser()
