"""Rules for commands: what a Run button or a typed message does to the terminal."""

from __future__ import annotations

from bot.course.model import Course
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.effects import Effect, Note, Pointer
from bot.learning.outcome import Outcome, here, say
from bot.learning.places import first_place, step_at
from bot.learning.progress import Progress
from bot.learning.sentences import is_sentence, step_about


def run(course: Course, progress: Progress, event: on.RunPressed) -> Outcome:
    step = step_at(course, event.place)
    blocks = step.texts[progress.language].blocks if step else ()
    if not 0 <= event.block < len(blocks):
        return say(progress, Note.GONE)
    command = blocks[event.block].command
    following = event.block + 1
    opened = any(opens_shell(block.command) for block in blocks[:following])
    offer = tuple(
        do.OfferNext(event.place, following, inside=opened and not opens_shell(block.command))
        for block in blocks[following : following + 1]
    )
    if event.hold is on.Hold.NOTHING:
        return progress, (do.TypeLine(command, event.place), *offer)
    if event.hold is on.Hold.DEMO:
        return progress, (do.QueueLine(command, event.place),)
    inside = any(opens_shell(block.command) for block in blocks[: event.block])
    if inside and not opens_shell(command) and event.hold is not on.Hold.SCREEN:
        return progress, (do.SendInput(command), *offer)
    if progress.shared:
        return progress, (do.QueueLine(command, event.place),)
    return say(progress, Note.INSIDE if event.hold is on.Hold.SHELL else Note.BUSY)


def opens_shell(command: str) -> bool:
    """Whether a step's command takes the learner into a container: what follows it in the step is for the inside."""
    return command.startswith("docker ") and "--interactive" in command.split()


def typed(course: Course, progress: Progress, event: on.TextTyped) -> Outcome:
    if event.busy and not event.in_turn:
        return progress, (do.SendInput(event.text),)
    if not event.text.strip():
        return say(progress, Note.EMPTY)
    if is_sentence(event.text):
        return progress, (_pointer(course, progress, event.text),)
    command = event.text.strip()
    return progress, (do.QueueLine(command) if event.busy else do.TypeLine(command),)


def _pointer(course: Course, progress: Progress, question: str) -> Effect:
    own = here(course, progress) or first_place(course)
    if own is None:
        return do.PointTo(Pointer.ONLY_COMMANDS, ())
    about = step_about(course, own.chapter, progress.language, question)
    return do.PointTo(Pointer.EXPLAINED_HERE, (about,)) if about else do.PointTo(Pointer.ONLY_COMMANDS, (own,))


def terminal_asked(course: Course, progress: Progress, event: on.TerminalAsked) -> Outcome:
    return say(progress, Note.TERMINAL)
