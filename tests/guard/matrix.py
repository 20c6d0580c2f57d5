"""Rules × cases: `python -m tests.guard.matrix` takes out each rule in turn and prints the cases that fail then."""

from __future__ import annotations

import sys
from types import FrameType

from tests.guard.promises import Promise, broken, promises
from tests.guard.removal import EQUIVALENT, Rule, all_rules


class Matrix:
    """Every rule and every promise; a promise is only tried for a rule whose function it goes through."""

    def __init__(self) -> None:
        self.rules = all_rules()
        self.promises = promises()
        self._through = {promise[0]: _visited(promise) for promise in self.promises}

    def killers(self, rule: Rule, *, most: int = 0) -> list[str]:
        """The promises that are broken without the rule; only the first `most`, if a number is given."""
        found: list[str] = []
        with rule.out():
            for promise in self.promises:
                if rule.function is not None and rule.function not in self._through[promise[0]]:
                    continue
                if broken(promise):
                    found.append(promise[0])
                    if len(found) == most:
                        break
        return found


def _visited(promise: Promise) -> frozenset[tuple[str, int]]:
    """The guard's functions (file, line) that keeping a promise calls."""
    seen: set[tuple[str, int]] = set()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "/bot/guard/" in frame.f_code.co_filename:
            seen.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        if not promise[1]():
            raise AssertionError(promise[0])
    finally:
        sys.setprofile(before)
    return frozenset(seen)


def main() -> int:
    """Print the whole matrix; 1 when nothing would miss a rule that should be missed."""
    matrix = Matrix()
    idle = []
    for rule in matrix.rules:
        found = matrix.killers(rule)
        idle += [] if found or rule.name in EQUIVALENT else [rule.name]
        print(f"{len(found):5}  {rule.name:92}  {' '.join(found[:6])}", flush=True)
    kept = len(matrix.rules) - len(idle) - len(EQUIVALENT)
    print(
        f"{len(matrix.rules)} rules, {len(matrix.promises)} cases: {kept} killed, {len(EQUIVALENT)} equivalent, {idle}"
    )
    return 1 if idle else 0


if __name__ == "__main__":
    sys.exit(main())
