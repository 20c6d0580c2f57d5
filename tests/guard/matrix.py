"""Rules × cases: `python -m tests.guard.matrix` takes out each rule in turn and prints the cases that fail then."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from tests.gate.promises import gate_promises
from tests.guard.parts import reading_rules, rebuilding_rules
from tests.guard.promises import Promise, broken, promises
from tests.guard.removal import EQUIVALENT, Rule, all_rules


class Matrix:
    """Every rule and every promise; a promise is only tried for a rule whose function it goes through."""

    def __init__(self, rules: Sequence[Rule], promises: Sequence[Promise]) -> None:
        self.rules = rules
        self.promises = promises
        self._told: dict[tuple[str, int] | None, set[str]] = {}
        self._through = {promise[0]: _visited(promise) for promise in self.promises}

    def killers(self, rule: Rule, *, most: int = 0) -> list[str]:
        """The promises that are broken without the rule; only the first `most`, if a number is given."""
        found: list[str] = []
        before = self._told.setdefault(rule.function, set())
        with rule.out():
            # What told of the function's last rule may tell of this one: with few to be found, most are found at once.
            for promise in sorted(self.promises, key=lambda each: each[0] not in before):
                if rule.function is not None and rule.function not in self._through[promise[0]]:
                    continue
                if broken(promise):
                    found.append(promise[0])
                    before.add(promise[0])
                    if len(found) == most:
                        break
        return found


WATCHED = ("/bot/guard/", "/bot/sandbox/gate/")


def _visited(promise: Promise) -> frozenset[tuple[str, int]]:
    """The guard's and the gate's functions (file, line) that keeping a promise calls."""
    seen: set[tuple[str, int]] = set()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and any(part in frame.f_code.co_filename for part in WATCHED):
            seen.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        if not promise[1]():
            raise AssertionError(promise[0])
    finally:
        sys.setprofile(before)
    return frozenset(seen)


def guard_matrix() -> Matrix:
    """What decides and rebuilds, and the promises that need no engine."""
    return Matrix((*all_rules(), *rebuilding_rules()), promises())


def gate_matrix() -> Matrix:
    """What reads a client's bytes, and the promises about those."""
    return Matrix(reading_rules(), gate_promises())


def main() -> int:
    """Print the whole matrix; 1 when nothing would miss a rule that should be missed."""
    idle, rules, cases = [], 0, 0
    for matrix in (guard_matrix(), gate_matrix()):
        rules, cases = rules + len(matrix.rules), cases + len(matrix.promises)
        idle += list(_printed(matrix))
    kept = rules - len(idle) - len(EQUIVALENT)
    print(f"{rules} rules, {cases} cases: {kept} killed, {len(EQUIVALENT)} equivalent, {idle}")
    return 1 if idle else 0


def _printed(matrix: Matrix) -> Iterator[str]:
    """Each rule as a line; the names of those that nothing would miss."""
    for rule in matrix.rules:
        found = matrix.killers(rule)
        print(f"{len(found):5}  {rule.name:92}  {' '.join(found[:6])}", flush=True)
        if not found and rule.name not in EQUIVALENT:
            yield rule.name


if __name__ == "__main__":
    sys.exit(main())
