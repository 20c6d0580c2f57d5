"""Rows as a table for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from deploy.benchmarks.figures import Bound, Row, Sample

HEADINGS = ("benchmark", "what", "ours", "baseline", "figure", "bound", "")
LEGEND = "Medians ± half the width of the middle half, n = rounds. Ours and baseline took turns in one run."


def table(rows: Sequence[Row]) -> str:
    """The rows in columns, remarks below."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    remarks = [f"{row.benchmark}, {row.what}: {row.remark}" for row in rows if row.remark]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:], "", LEGEND, *remarks])


def _cells(row: Row) -> tuple[str, ...]:
    verdict = "" if row.bound is None else "over" if row.over else "ok"
    return (
        row.benchmark,
        row.what,
        _sample(row.ours, row.unit),
        _sample(row.baseline, row.unit) if row.baseline else "",
        f"{number(row.figure)} {row.figure_unit}",
        _bound(row.bound, row.figure_unit) if row.bound else "",
        verdict,
    )


def _sample(sample: Sample, unit: str) -> str:
    spread = f" ±{sample.spread:.0%}" if sample.count > 1 else ""
    return f"{number(sample.median)} {unit}{spread} n={sample.count}"


def _bound(bound: Bound, unit: str) -> str:
    return f"{'≤' if bound.most else '≥'} {number(bound.limit)} {unit}"


def number(value: float) -> str:
    """Three digits that count, no more than a median on a shared machine deserves."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value else "0"


def document(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The same as JSON values, every measured value included."""
    return [
        {
            "benchmark": row.benchmark,
            "what": row.what,
            "unit": row.unit,
            "ours": list(row.ours.values),
            "baseline": list(row.baseline.values) if row.baseline else None,
            "figure": row.figure,
            "figure_unit": row.figure_unit,
            "bound": row.bound.limit if row.bound else None,
            "bound_is": None if row.bound is None else "at most" if row.bound.most else "at least",
            "over": row.over,
            "remark": row.remark,
        }
        for row in rows
    ]
