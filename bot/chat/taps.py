"""What each button does: the data that it carries, turned into an event or handed to a desk."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from bot.chat.callbacks import URGENT, Tap
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.desks import Desks
from bot.chat.keypad import Pad
from bot.identity import Language
from bot.learning import events as on
from bot.learning.events import Event
from bot.learning.progress import Place


def event_of(tap: Tap, *, hold: on.Hold) -> Event | None:
    """The dialogue's event behind a button; None when the button is not the dialogue's, or not a sound one."""
    if tap.place is not None and tap.action in _PLACED:
        return _PLACED[tap.action](tap.place)
    if tap.place is not None and tap.number is not None:
        return _numbered(tap.action, tap.place, tap.number, hold)
    match tap.action, tap.arguments:
        case "steps", (chapter,):
            return on.StepsAsked(chapter)
        case "chapters", ():
            return on.ChaptersAsked()
        case "terminal", ():
            return on.TerminalAsked()
        case "lang", (language,) if language in Language.__members__.values():
            return on.LanguageChosen(Language(language))
        case "reset", ("yes",):
            return on.ResetConfirmed()
        case "reset", ("no",):
            return on.ResetCancelled()
    return None


_PLACED: dict[str, Callable[[Place], Event]] = {
    "step": on.StepChosen,
    "next": on.NextPressed,
    "back": on.BackPressed,
    "check": on.CheckPressed,
    "quiz": on.QuizAsked,
}


def _numbered(action: str, place: Place, number: int, hold: on.Hold) -> Event | None:
    match action:
        case "run":
            return on.RunPressed(place, number, hold)
        case "hint":
            return on.HintPressed(place, number)
        case "answer":
            return on.QuizAnswered(place, number)
    return None


class Taps:
    """Every tap is answered, also one that nobody understands any more."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    async def take(self, talk: Conversation, cause: Cause, tap: Tap | None) -> None:
        """Do what the button says."""
        if tap is not None and (refusal := await self._desks.drivers.of_tap(talk, cause, tap)):
            return await talk.answer(cause, refusal)
        event = event_of(tap, hold=talk.session.hold) if tap else None
        if event is not None:
            return await self._desks.performer.happen(talk, event, cause)
        work = self._desk(talk, cause, tap) if tap else None
        if work is None:
            return await talk.answer(cause, talk.words("note.gone"))
        if tap is not None and tap.action in URGENT:
            await work
        else:
            talk.later(work)

    async def _play_again(self, talk: Conversation, cause: Cause, chapter: str) -> None:
        await talk.answer(cause)
        await self._desks.tours.start(talk, cause, chapter)

    def _desk(self, talk: Conversation, cause: Cause, tap: Tap) -> Coroutine[Any, Any, None] | None:
        match tap.action, tap.arguments:
            case "stop", ():
                return self._desks.terminal.stop(talk, cause)
            case "key", (name,):
                return self._desks.terminal.press(talk, cause, name)
            case "recall", (number,) if number.isascii() and number.isdigit():
                return self._desks.terminal.typing.recall(talk, cause, int(number))
            case "size", (choice,):
                return self._desks.terminal.typing.size(talk, cause, choice)
            case "pad", (pad,) if pad in Pad.__members__.values():
                return self._desks.terminal.pad(talk, cause, Pad(pad))
            case "again", ():
                return self._desks.terminal.again(talk, cause)
            case "picture", ():
                return self._desks.terminal.picture(talk, cause)
            case "log", ():
                return self._desks.terminal.log(talk, cause)
            case "ps", ():
                return self._desks.containers.refresh(talk, cause)
            case "ps", ("below",):
                return self._desks.containers.refresh(talk, replace(cause, message_id=None))
            case "c", (action, *rest):
                return self._desks.containers.tap(talk, cause, action, rest[0] if rest else "")
            case "page", (action, token):
                return self._desks.pages.tap(talk, cause, action, token)
            case "line", (action, number):
                return self._desks.terminal.line(talk, cause, action, number)
            case "driver", (choice, *rest):
                return self._desks.driver.tap(talk, cause, choice, rest[0] if rest else "")
            case "demo", ("stop",):
                return self._desks.tours.stop(talk, cause)
            case "demo", ("again", chapter):
                return self._play_again(talk, cause, chapter)
            case "unlist", ():
                return self._desks.study.tap(talk, cause)
            case "forget", (what,):
                return self._desks.forget.tap(talk, cause, what)
            case "wait", (action,):
                return self._desks.waiting.tap(talk, cause, action)
            case "close", (answer,):
                return self._desks.life.tap(talk, cause, answer)
            case "life", ():
                return self._desks.life.extend(talk, cause)
        return None
