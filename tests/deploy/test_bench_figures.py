"""What the benchmarks make of measured values, and how they show it."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.benchmarks.choices import NAMES, Choices, read_choices
from deploy.benchmarks.figures import Row, Sample, at_least, at_most, excess, paired, plain, ratio
from deploy.benchmarks.flood import per_second
from deploy.benchmarks.flood_learners import Tapper
from deploy.benchmarks.run import in_turns
from deploy.benchmarks.table import document, number, table
from deploy.benchmarks.typist import ENDED, PROMPT, typing
from deploy.benchmarks.weight import Weight, read_rollup

ROOT = Path(__file__).resolve().parents[2]
OURS, BASELINE = Sample.of([0.2, 0.4, 0.3]), Sample.of([0.1, 0.3, 0.2])


def test_a_sample_is_told_by_its_median_and_its_middle_half() -> None:
    """One wild value moves neither."""
    sample = Sample.of([1.0, 1.1, 0.9, 1.0, 50.0])
    assert (sample.median, sample.count) == (1.0, 5)
    assert sample.spread == pytest.approx(0.05)


def test_pairs_are_compared_round_by_round() -> None:
    """A machine that slows down between the rounds moves both medians, and not the figure."""
    ours, baseline = Sample.of([9.0, 18.0, 90.0]), Sample.of([10.0, 20.0, 100.0])
    assert paired("gate", "stream", ours, baseline, "MB/s").figure == pytest.approx(0.9)
    with pytest.raises(ValueError):
        paired("gate", "stream", ours, Sample.of([10.0]), "MB/s")


@pytest.mark.parametrize("name", NAMES)
def test_each_benchmark_is_there(name: str) -> None:
    """What it stands on has the names that it uses; whether it measures well, a run of it shows."""
    assert callable(importlib.import_module(f"deploy.benchmarks.{name}").measure)


def test_nothing_measured_is_no_figure() -> None:
    """An empty sample is an error, not a zero."""
    with pytest.raises(ValueError):
        Sample.of([])


@pytest.mark.parametrize(
    "row, figure, over",
    [
        (ratio("b", "w", OURS, BASELINE, "s", at_most(1.6)), 1.5, False),
        (ratio("b", "w", OURS, BASELINE, "s", at_most(1.4)), 1.5, True),
        (ratio("b", "w", OURS, BASELINE, "s", at_least(1.6)), 1.5, True),
        (excess("b", "w", OURS, BASELINE, "s", at_most(0.2)), 0.1, False),
        (plain("b", "w", OURS, "s"), 0.3, False),
    ],
)
def test_a_figure_is_held_against_its_bound(row: Row, figure: float, over: bool) -> None:
    """Upwards, downwards, or not at all."""
    assert row.figure == pytest.approx(figure)
    assert row.over is over


def test_the_table_has_each_figure_with_its_bound_and_its_verdict() -> None:
    """What is over is said, what has no bound gets no verdict."""
    lines = table(
        [
            ratio("lesson", "typed", OURS, BASELINE, "s", at_most(1.4)),
            excess("tap", "sent", OURS, BASELINE, "s", at_most(0.4)),
            plain("start", "bot", OURS, "s").remarked("alone"),
        ]
    ).splitlines()
    assert "0.3 s ±17% n=3" in lines[2] and "1.5 x" in lines[2] and lines[2].endswith("≤ 1.4 x  over")
    assert lines[3].endswith("≤ 0.4 s  ok")
    assert lines[4].endswith("0.3 s") and lines[-1] == "start, bot: alone"


def test_the_document_keeps_every_value() -> None:
    """Whoever compares two runs needs more than medians."""
    [kept] = json.loads(json.dumps(document([ratio("gate", "ls", OURS, BASELINE, "s", at_most(1.2))])))
    assert (kept["ours"], kept["baseline"], kept["bound"], kept["over"]) == (
        [0.2, 0.4, 0.3],
        [0.1, 0.3, 0.2],
        1.2,
        True,
    )


@pytest.mark.parametrize("value, shown", [(0.0, "0"), (0.0123456, "0.0123"), (1.2345, "1.23"), (2934.4, "2934")])
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    """More would promise what a shared machine does not give."""
    assert number(value) == shown


async def test_acts_take_turns_and_the_first_round_is_not_counted() -> None:
    """Each act is first in some round, so that none always follows the same neighbour."""
    order: list[str] = []

    async def act(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = await in_turns(2, {"a": lambda: act("a"), "b": lambda: act("b")})
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found["a"].values == (4.0, 5.0) and found["b"].values == (3.0, 6.0)


async def test_a_typist_waits_for_the_prompt_after_the_end() -> None:
    """However the bytes are cut; and a line that printed something else is no measurement."""
    answers = [ENDED + b"0\x07" + PROMPT, b"line\r\nHel", b"lo" + ENDED[:4], ENDED[4:] + b"0\x07" + PROMPT]
    answers += [b"no" + ENDED + b"1\x07" + PROMPT]
    written: list[bytes] = []

    async def write(data: bytes) -> None:
        written.append(data)

    async def output() -> AsyncIterator[bytes]:
        for answer in answers:
            yield answer

    async with typing(write, output()) as typist:
        assert await typist.types("line", "Hello") >= 0
        with pytest.raises(ValueError, match="printed"):
            await typist.types("line", "Hello")
    assert written == [b"\n", b"line\n", b"line\n"]


def test_a_tap_is_over_when_it_is_answered_and_the_step_is_there() -> None:
    """In either order; the next tap is the one that the step offers."""
    learner = Tapper(7, "v1:next:ch02:hello")
    query = learner.act("1")["callback_query"]
    assert query["data"] == "v1:next:ch02:hello" and learner.chat_of(query["id"]) == 7
    assert not learner.tap_answered()
    assert learner.message_came('{"callback_data": "v1:next:ch02:again"}')
    assert learner.act("2")["callback_query"]["data"] == "v1:next:ch02:again"
    assert not learner.message_came("") and learner.tap_answered()
    assert learner.act("3")["callback_query"]["data"] == "v1:next:ch02:hello"


def test_moments_are_counted_in_their_seconds() -> None:
    """What comes after the counted time is not counted."""
    assert per_second([10.0, 10.9, 11.5, 13.2], 10.0, 3) == [2, 1, 0]


def test_memory_is_read_as_the_kernel_writes_it() -> None:
    """Shared pages by their part, private ones whole."""
    text = "00-ff ---p 0 00:00 0 [rollup]\nRss: 4096 kB\nPss: 2048 kB\nPrivate_Clean: 512 kB\nPrivate_Dirty: 512 kB\n"
    assert read_rollup(text) == Weight(2.0, 1.0)


def test_choices_are_read_strictly() -> None:
    """Names in the order of the run; a mistake is a sentence."""
    assert read_choices([]) == Choices() and read_choices(["--help"]) is None
    assert read_choices(["--only", NAMES[2], "--only", NAMES[0], "--quick"]) == Choices(
        (NAMES[0], NAMES[2]), quick=True
    )
    for wrong in (["--only", "nothing"], ["--json"], ["--fast"]):
        with pytest.raises(ValueError):
            read_choices(wrong)


def test_the_command_explains_itself() -> None:
    """From any folder, without setting anything up."""
    result = subprocess.run((ROOT / "deploy/bench", "--help"), cwd="/", capture_output=True, text=True)
    assert result.returncode == 0 and all(name in result.stdout for name in NAMES)
    assert subprocess.run((ROOT / "deploy/bench", "--fast"), capture_output=True).returncode == 2
