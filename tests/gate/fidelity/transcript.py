"""One side of the comparison: the script typed line by line, and what came back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.gate.fidelity.normal import document, leaves, normal
from tests.gate.support import Ran

SCRIPT = Path(__file__).with_name("script.txt")
LINE_SECONDS = 60


def script_lines() -> tuple[str, ...]:
    return tuple(line for line in SCRIPT.read_text().splitlines() if line and not line.startswith("#"))


async def typed(lines: tuple[str, ...], socket: Path, cli: str, folder: Path) -> list[Ran]:
    """Each line in a bash of its own, in one working folder, with `cli` as `docker` and `socket` as its engine."""
    programs, work = folder / "programs", folder / "work"
    programs.mkdir(parents=True)
    work.mkdir()
    (programs / "docker").symlink_to(cli)
    environment = {
        "DOCKER_HOST": f"unix://{socket}",
        "HOME": str(folder),
        "PATH": f"{programs}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    return [await _typed(line, environment, work) for line in lines]


async def _typed(line: str, environment: dict[str, str], folder: Path) -> Ran:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        line,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LINE_SECONDS):
        out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


@dataclass(frozen=True, slots=True)
class Unequal:
    """One place where two answers to a line differ."""

    line: str
    place: str
    direct: str
    lab: str

    def __str__(self) -> str:
        return f"$ {self.line}\n  {self.place}, direct:\n{self.direct}\n  {self.place}, in the lab:\n{self.lab}"


def unequal(line: str, direct: Ran, lab: Ran) -> list[Unequal]:
    """Where the two differ: `exit`, `stdout`, `stderr`, or a place in the JSON that both printed."""
    pairs = {"exit": (str(direct.code), str(lab.code)), "stderr": (normal(direct.err), normal(lab.err))}
    documents = document(direct.out), document(lab.out)
    if None in documents:
        pairs["stdout"] = (normal(direct.out), normal(lab.out))
    else:
        one, other = (leaves(value) for value in documents)
        pairs |= {place: (one.get(place, "(none)"), other.get(place, "(none)")) for place in one.keys() | other.keys()}
    return [Unequal(line, place, *texts) for place, texts in sorted(pairs.items()) if texts[0] != texts[1]]
