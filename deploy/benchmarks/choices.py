"""What somebody may choose on the command line of `deploy/bench`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAMES = ("memory", "lesson", "gate", "tap", "floods", "offenders", "updates", "pages", "load", "start")
"""The benchmarks, in the order in which they run: memory first, while the engine has done nothing yet."""

USAGE = f"""\
deploy/bench: measure Dosirak and print a table, each figure against a baseline of the same run, with its bound.

    sudo deploy/bench                everything; takes some minutes on two cores
    sudo deploy/bench --quick        fewer rounds: a first look, less steady
    sudo deploy/bench --only lesson  one of: {", ".join(NAMES)} (may be given again)
    sudo deploy/bench --json FILE    write the figures there too
    sudo deploy/bench --strict       exit code 1 when a figure is over its bound

Figures are shown, not asserted: the exit code is 0 unless something could not be measured (1) or --strict says so."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What to measure, and how."""

    only: tuple[str, ...] = NAMES
    quick: bool = False
    strict: bool = False
    json: Path | None = None


def read_choices(arguments: list[str]) -> Choices | None:
    """The choices; None when help is asked for. Raises ValueError with a sentence."""
    only: list[str] = []
    quick = strict = False
    json: Path | None = None
    words = iter(arguments)
    for word in words:
        match word:
            case "--help" | "-h":
                return None
            case "--quick":
                quick = True
            case "--strict":
                strict = True
            case "--only":
                only.append(_benchmark(next(words, "")))
            case "--json":
                json = _file(next(words, ""))
            case _:
                raise ValueError(f"unknown argument {word!r}; see deploy/bench --help")
    return Choices(tuple(name for name in NAMES if not only or name in only), quick, strict, json)


def _benchmark(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"--only takes one of: {', '.join(NAMES)}")
    return name


def _file(name: str) -> Path:
    """Absolute, since the benchmarks run in the repository's folder."""
    if not name:
        raise ValueError("--json takes the name of a file")
    return Path(name).absolute()
