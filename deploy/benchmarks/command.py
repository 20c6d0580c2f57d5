"""Runs the chosen benchmarks, one after the other, and prints their table."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import platform
import sys
import traceback
from collections.abc import Iterator

from deploy.benchmarks.choices import Choices, read_choices
from deploy.benchmarks.figures import Row
from deploy.benchmarks.run import Run
from deploy.benchmarks.table import document, table
from deploy.host.faults import HostFault
from deploy.host.temporary import temporary_engine
from deploy.host.words import complain, say, telling


def main(arguments: list[str]) -> int:
    """0; 1 when something could not be measured, or with --strict when a figure is over its bound."""
    choices = read_choices(arguments)
    assert choices is not None  # `setup` has answered --help.
    try:
        with temporary_engine() as engine:
            results = list(_measured(Run(engine, choices.quick), choices))
    except HostFault as fault:
        complain(str(fault))
        return 1
    rows = [row for result in results for row in result or ()]
    if rows:
        print(f"\n{table(rows)}\n{_machine()}")
    if choices.json:
        choices.json.write_text(json.dumps(document(rows), indent=1) + "\n")
    over = choices.strict and any(row.over for row in rows)
    return 1 if over or None in results else 0


def _measured(run: Run, choices: Choices) -> Iterator[list[Row] | None]:
    """Each benchmark's rows; None for one that failed, which does not stop the others."""
    for name in choices.only:
        benchmark = importlib.import_module(f"deploy.benchmarks.{name}")
        try:
            with telling(f"measuring {name}"):
                yield asyncio.run(benchmark.measure(run))
        except Exception:
            complain(f"{name} could not be measured:")
            traceback.print_exc()
            yield None


def _machine() -> str:
    """On what, and how busy it was with other things: figures of a busy machine are worth less."""
    load = os.getloadavg()
    return f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, load {load[0]:.1f}"


if __name__ == "__main__":
    say("each figure is a ratio to a baseline of this same run")
    sys.exit(main(sys.argv[1:]))
