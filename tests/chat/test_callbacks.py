"""What a button carries is short, readable after a restart, and harmless when it is not ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.callbacks import MAX_BYTES, VERSION, Tap, decode, encode, is_urgent
from bot.chat.taps import event_of
from bot.identity import Language
from bot.learning import events as on
from bot.learning.progress import Place

HELLO = Place("ch02", "hello")


def test_data_comes_back_as_it_went() -> None:
    """Action and arguments survive the way through Telegram."""
    assert decode(encode("run", "ch02", "hello", 0)) == Tap("run", ("ch02", "hello", "0"))


def test_too_much_data_is_a_fault_here() -> None:
    """Telegram would refuse the whole message; 22 Hangul syllables are 66 bytes."""
    with pytest.raises(ValueError, match=str(MAX_BYTES)):
        encode("run", "가" * 22)


PARTS = st.sampled_from(("run", "hint", "answer", "steps", "lang", "reset", "ch02", "ko", "yes", "0")) | st.text(
    max_size=9
)
OURS = st.lists(PARTS, max_size=5).map(lambda parts: ":".join((VERSION, *parts)))


@given(st.none() | st.text(max_size=70) | OURS)
def test_any_data_is_understood_or_not(data: str | None) -> None:
    """Old versions, other bots, garbage: never an exception; and what this version wrote is read whole."""
    tap = decode(data)
    assert (tap is not None) == (data is not None and data.startswith(f"{VERSION}:"))
    if tap is not None:
        event_of(tap, hold=on.Hold.NOTHING)
        assert ":".join((VERSION, tap.action, *tap.arguments)) == data
    is_urgent(data)


def test_only_the_keys_of_a_running_program_are_urgent() -> None:
    """Everything else keeps its turn."""
    assert is_urgent(encode("stop")) and is_urgent(encode("key", "esc"))
    assert not is_urgent(encode("next", *HELLO)) and not is_urgent(None) and not is_urgent("stop")


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (encode("step", *HELLO), on.StepChosen(HELLO)),
        (encode("next", *HELLO), on.NextPressed(HELLO)),
        (encode("back", *HELLO), on.BackPressed(HELLO)),
        (encode("run", *HELLO, 1), on.RunPressed(HELLO, 1, on.Hold.SHELL)),
        (encode("check", *HELLO), on.CheckPressed(HELLO)),
        (encode("hint", *HELLO, 2), on.HintPressed(HELLO, 2)),
        (encode("quiz", *HELLO), on.QuizAsked(HELLO)),
        (encode("answer", *HELLO, 3), on.QuizAnswered(HELLO, 3)),
        (encode("steps", "ch02"), on.StepsAsked("ch02")),
        (encode("lang", "en"), on.LanguageChosen(Language.ENGLISH)),
        (encode("reset", "yes"), on.ResetConfirmed()),
        (encode("reset", "no"), on.ResetCancelled()),
        (encode("terminal"), on.TerminalAsked()),
        (encode("lang", "xx"), None),
        (encode("run", "ch02"), None),
        (encode("run", "ch02", "hello", "x"), None),
        (encode("stop"), None),
    ],
)
def test_a_button_means_its_event(data: str, event: on.Event | None) -> None:
    """One table from data to the dialogue."""
    tap = decode(data)
    assert tap is not None
    assert event_of(tap, hold=on.Hold.SHELL) == event
