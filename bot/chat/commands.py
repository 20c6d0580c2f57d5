"""The commands, one table: what each does in a conversation, for whom, with the words behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from telegram.helpers import create_deep_linked_url

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.desks import Desks
from bot.chat.menu import COMMANDS
from bot.chat.message import Button, Outgoing, rows
from bot.chat.tours import LINK, images_of, run_line
from bot.chat.updates import after_command, is_unknown_command
from bot.course import Course
from bot.learning import events as on
from bot.learning.events import Event
from bot.richtext import RichText

Answer = Callable[[Conversation, Cause, str], Awaitable[None]]


def commands(desks: Desks) -> dict[str, Answer]:
    """By name; `/driver` is not here, since it needs the message that it answers."""
    return {
        "start": partial(_start, desks),
        "demo": lambda talk, cause, rest: desks.tours.start(talk, cause, rest),
        "run": partial(_run, desks),
        "chapters": _event(desks, on.ChaptersAsked()),
        "steps": _event(desks, on.StepsAsked()),
        "reset": _event(desks, on.ResetAsked()),
        "lang": _event(desks, on.LanguageAsked()),
        "ps": lambda talk, cause, rest: _later(talk, desks.containers.show(talk, cause)),
        "pages": lambda talk, cause, rest: _later(talk, desks.pages.overview(talk)),
        "record": lambda talk, cause, rest: _later(talk, desks.terminal.record(talk)),
        "history": lambda talk, cause, rest: desks.terminal.typing.history(talk),
        "size": lambda talk, cause, rest: desks.terminal.typing.size(talk, cause, rest),
        "help": lambda talk, cause, rest: _help(talk),
        "sh": lambda talk, cause, rest: desks.terminal.text(talk, cause, rest, in_turn=True),
        "progress": lambda talk, cause, rest: _later(talk, desks.study.show(talk)),
        "extend": lambda talk, cause, rest: desks.life.extend(talk, cause),
        "close": lambda talk, cause, rest: desks.life.ask(talk, cause),
        "admin": lambda talk, cause, rest: _later(talk, desks.admin.show(talk, cause)),
        "ban": desks.admin.ban,
        "unban": desks.admin.unban,
        "forget": lambda talk, cause, rest: desks.forget.ask(talk, cause),
        "me": lambda talk, cause, rest: _private(talk),
    }


def _event(desks: Desks, event: Event) -> Answer:
    return lambda talk, cause, rest: desks.performer.happen(talk, event, cause)


async def _start(desks: Desks, talk: Conversation, cause: Cause, payload: str) -> None:
    """A deep link leads to a step, or starts a tour."""
    link, _, chapter = payload.partition("-")
    if payload and (refusal := await desks.drivers.of_driving(talk, cause)):
        return await talk.post(Outgoing(RichText(refusal)))
    if link != LINK:
        return await desks.performer.happen(talk, on.Started(payload), cause)
    await desks.tours.start(talk, cause, chapter)


async def _run(desks: Desks, talk: Conversation, cause: Cause, rest: str) -> None:
    """/run <image> [arguments]."""
    command = run_line(talk.kit.course, rest)
    if command is None:
        images = "\n".join(image.removesuffix(":latest") for image in images_of(talk.kit.course))
        return await talk.say("demo.images", images=images)
    if talk.session.busy and not talk.queues:  # What runs would read the line as its input.
        return await talk.say(talk.session.busy_note)
    await desks.terminal.text(talk, cause, command, in_turn=True)


def command_of(course: Course, text: str) -> str | None:
    """What a message has the shell run; None for one of the bot's commands that has it run nothing."""
    match text.split(maxsplit=1)[0].partition("@")[0]:
        case "/sh":
            return after_command(text)
        case "/run":
            return run_line(course, after_command(text))
    return None if is_unknown_command(text.strip()) else text


async def _private(talk: Conversation) -> None:
    """/me: the way to a lab of one's own, at the same step."""
    bot = talk.kit.sender.username
    if talk.scope.is_private:
        return await talk.say("me.already")
    place = talk.progress.place
    url = create_deep_linked_url(bot, "-".join(place) if place else None)
    await talk.post(Outgoing(RichText(talk.words("me.how")), rows((Button(talk.words("me.open"), url=url),))))


async def _help(talk: Conversation) -> None:
    await talk.send(talk.guide.help(COMMANDS))


async def _later(talk: Conversation, work: Coroutine[Any, Any, None]) -> None:
    """What asks the engine may take seconds, and must not keep the next update waiting."""
    talk.later(work)
