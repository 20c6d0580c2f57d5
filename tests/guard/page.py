"""The page of attack cases, made from the corpus and its index: `python -m tests.guard.page > deploy/CASES.md`."""

from __future__ import annotations

from collections.abc import Iterable

from tests.guard.cases import Case, elsewhere, read_corpus
from tests.guard.judged import WORLD

HEAD = """\
# Every attack case, and what shows it

Made from the corpus and its index (`python -m tests.guard.page > deploy/CASES.md`; a test says whether it is current).
The numbers are the security model's own; gaps are intended, and L is what was found here later.

A case of the [corpus](../tests/guard/corpus) is data: calls, and exactly what becomes of them. `calls` are judged by
the guard alone, with their status, code and the request that the engine gets. `bytes` travel through a gate to a
recording engine: whole, byte by byte, and in random pieces. `engine` are calls on a real engine by one lab while
another works, and `cli` the same by the official command line; after each the world is looked at: nothing of the
other lab has changed or was told, nothing privileged is there, the gate lives. Other cases are acts, each a test with a
name.
"""
SECTIONS = {
    "A": "Framing and paths",
    "B": "Upgrades and streams",
    "C": "Decoding of JSON",
    "D": "Powers, namespaces, resources",
    "E": "Mounts and volumes",
    "F": "Names, ids, labels, filters",
    "G": "Images",
    "H": "Networks",
    "I": "Archives",
    "J": "What exhausts a host",
    "K": "From inside",
    "L": "What the engine itself reads in a container, and keeps",
}


def page() -> str:
    """The whole page."""
    shown, not_here = elsewhere()
    corpus: dict[str, list[Case]] = {}
    for case in read_corpus():
        corpus.setdefault(f"{case.section}{case.number}", []).append(case)
    numbers = sorted({*corpus, *shown, *not_here}, key=lambda number: (number[0], int(number[1:])))
    parts = [HEAD]
    for section, title in SECTIONS.items():
        rows = [_row(key, corpus.get(key, ()), shown.get(key, ()), not_here) for key in numbers if key[0] == section]
        parts += [f"\n## {section}. {title}\n\n| case | in the corpus | tests |\n|---|---|---|\n", *rows]
    return "".join(parts)


def _row(number: str, cases: Iterable[Case], tests: Iterable[str], not_here: dict[str, str]) -> str:
    links = [_link(test) for test in tests] or [not_here.get(number, "")]
    return f"| {number} | {_figures(list(cases))} | {', '.join(links)} |\n"


def _figures(cases: list[Case]) -> str:
    """`a length twice …: 3 calls, 2 bytes`: what the first entry is called, and how much there is of all."""
    if not cases:
        return ""
    steps = [len(list(case.steps(WORLD))) for case in cases]
    counts = {
        "calls": sum(steps),
        "bytes": sum(len(list(case.wire(WORLD))) for case in cases),
        "engine": sum(number for number, case in zip(steps, cases, strict=True) if case.live),
        "cli": sum(len(case.raw.get("cli", ())) for case in cases),
    }
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"{cases[0].raw['title']}{' …' * (len(cases) > 1)}: {told}"


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


if __name__ == "__main__":
    print(page(), end="")
