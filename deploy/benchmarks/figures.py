"""Measured values, what they come to, and whether that is within its bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Self


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of one thing, measured again and again, in the order in which they came."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Raises ValueError for none: a median of nothing would be a made-up figure."""
        if not values:
            raise ValueError("nothing was measured")
        return cls(tuple(values))

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def spread(self) -> float:
        """Half of the middle half's width, as a part of the median: 0.05 means that half of all were within 5 %."""
        if self.count < 2 or not self.median:
            return 0.0
        low, _, high = quantiles(self.values, n=4, method="inclusive")
        return (high - low) / 2 / self.median


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must not pass, upwards (`most`) or downwards."""

    limit: float
    most: bool = True

    def holds(self, figure: float) -> bool:
        return figure <= self.limit if self.most else figure >= self.limit


def at_most(limit: float) -> Bound:
    return Bound(limit)


def at_least(limit: float) -> Bound:
    return Bound(limit, most=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `unit` is the samples', `figure_unit` the figure's (`x` for a ratio)."""

    benchmark: str
    what: str
    ours: Sample
    baseline: Sample | None
    unit: str
    figure: float
    figure_unit: str
    bound: Bound | None = None
    remark: str = ""

    @property
    def over(self) -> bool:
        """Whether the bound is broken; a row without one is only shown."""
        return self.bound is not None and not self.bound.holds(self.figure)

    def remarked(self, text: str) -> Row:
        return replace(self, remark=text)


def ratio(benchmark: str, what: str, ours: Sample, baseline: Sample, unit: str, bound: Bound | None = None) -> Row:
    """Ours as a multiple of the baseline, by medians."""
    return Row(benchmark, what, ours, baseline, unit, ours.median / baseline.median, "x", bound)


def paired(benchmark: str, what: str, ours: Sample, baseline: Sample, unit: str, bound: Bound | None = None) -> Row:
    """The median of the rounds' own ratios: where the machine's speed drifts in a run, a round's two values share it.

    Raises ValueError when a round has only one of the two.
    """
    figure = median(one / other for one, other in zip(ours.values, baseline.values, strict=True))
    return Row(benchmark, what, ours, baseline, unit, figure, "x", bound)


def excess(benchmark: str, what: str, ours: Sample, baseline: Sample, unit: str, bound: Bound | None = None) -> Row:
    """What ours takes on top of the baseline, by medians."""
    return Row(benchmark, what, ours, baseline, unit, ours.median - baseline.median, unit, bound)


def plain(benchmark: str, what: str, ours: Sample, unit: str, bound: Bound | None = None) -> Row:
    """A figure that stands for itself."""
    return Row(benchmark, what, ours, None, unit, ours.median, unit, bound)
