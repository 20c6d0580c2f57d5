"""`python -m tests.crash --moments 100 [--seed N]`: plays chapters while things are killed, and prints a table."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections import Counter

from deploy.host.temporary import temporary_engine
from tests.crash.chapter import ACTS
from tests.crash.played import Finding, Moment, Player, moments
from tests.crash.world import World, world

HEADINGS = ("moment", "killed", "when", "in the chat then", "said after", "verdict")


def rounds(chosen: list[Moment]) -> list[list[Moment]]:
    """The moments of one chapter each."""
    return [chosen[start : start + len(ACTS)] for start in range(0, len(chosen), len(ACTS))]


async def play(made: World, chosen: list[Moment]) -> list[Finding]:
    """All rounds; rows are printed as they come."""
    findings = []
    for part in rounds(chosen):
        for finding in await Player(made).round(part):
            print(" | ".join(finding.row), flush=True)
            findings.append(finding)
    return findings


async def run(number: int, seed: int) -> int:
    """How many moments had a fault."""
    print(f"{number} moments, seed {seed}")
    print(" | ".join(HEADINGS))
    with temporary_engine() as host:
        async with world(host) as made:
            findings = await play(made, list(moments(seed, number)))
            await made.stop()
            tracebacks = made.tracebacks
    bad = sum(bool(finding.faults) for finding in findings)
    print(f"{number} moments: {dict(Counter(str(one.moment.victim) for one in findings))}; {bad} with a fault")
    print(*tracebacks, sep="\n")
    return bad + len(tracebacks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    return 1 if asyncio.run(run(chosen.moments, seed)) else 0


if __name__ == "__main__":
    sys.exit(main())
