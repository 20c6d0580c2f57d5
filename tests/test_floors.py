"""The house's floors: imports point down only, and each big library has its named importers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"

FLOORS: dict[str, int] = {
    "errors": 0,
    "identity": 0,
    "richtext": 0,
    "settings": 0,
    "tasks": 0,
    "course": 1,
    "charts": 1,
    "learning": 2,
    "guard": 2,
    "terminal": 2,
    "sandbox": 3,
    "store": 3,
    "pages": 3,
    "localchat": 3,
    "chat": 4,
    "app": 5,
    "__main__": 6,
}

IMPORTERS: dict[str, set[str]] = {
    "telegram": {"chat"},
    "docker": {"sandbox"},
    "h11": {"sandbox"},
    "aiosqlite": {"store"},
    "sqlite3": {"store"},
    "aiohttp": {"pages", "localchat", "chat.transport", "app"},
    "avt": {"terminal"},
    "PIL": {"terminal"},
    "matplotlib": {"charts.draw"},
    "markdown_it": {"course"},
    "yaml": {"course"},
    "pydantic": {"settings", "localchat.storage"},
    "pydantic_settings": {"settings"},
}

PURE = {"learning", "guard", "terminal"}
IMPURE_MODULES = {
    "asyncio",
    "time",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "os",
    "threading",
    "shutil",
    "tempfile",
}


def modules() -> list[Path]:
    return sorted(path for path in BOT.rglob("*.py") if path != BOT / "__init__.py")


def part(path: Path) -> str:
    """The floor's member that a file belongs to: `chat` for bot/chat/live.py, `app` for bot/app.py."""
    return path.relative_to(BOT).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every module name that a file imports, anywhere in it; relative imports are resolved."""
    package = ("bot", *path.relative_to(BOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(piece for piece in (base, node.module or "") if piece)
            yield name
            if name == "bot":
                yield from (f"bot.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("bot.")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_only(path: Path) -> None:
    """A module imports its own part and lower floors, never an equal or a higher one."""
    own = part(path)
    allowed = {name for name, floor in FLOORS.items() if floor < FLOORS[own]} | {own}
    if FLOORS[own] == 0:
        allowed = {name for name, floor in FLOORS.items() if floor == 0}
    assert parts_imported(path) <= allowed


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_big_libraries_have_named_importers(path: Path) -> None:
    """Only the named parts import a big library, so that replacing one touches one place."""
    dotted = ".".join(path.relative_to(BOT).with_suffix("").parts)
    for name in imported(path):
        owners = IMPORTERS.get(name.split(".")[0])
        assert owners is None or any(dotted == owner or dotted.startswith(f"{owner}.") for owner in owners), name


@pytest.mark.parametrize(
    "path", [path for path in modules() if part(path) in PURE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_pure_floors_have_no_clock_no_chance_and_no_await(path: Path) -> None:
    """The deciding floors are plain functions of their arguments."""
    tree = ast.parse(path.read_text("utf-8"))
    assert not {name.split(".")[0] for name in imported(path)} & IMPURE_MODULES
    assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree))


def test_every_part_of_the_house_has_a_floor() -> None:
    """A new package or module is given its floor before it can be used."""
    assert {part(path) for path in modules()} <= set(FLOORS)
