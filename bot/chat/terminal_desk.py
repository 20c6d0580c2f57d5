"""The buttons of a terminal message, and what a learner types into it."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.job import Job
from bot.chat.keypad import Pad
from bot.chat.performer import Performer
from bot.chat.typing_desk import TypingDesk
from bot.errors import LabError
from bot.learning.events import TextTyped
from bot.terminal.keys import straighten


class TerminalDesk:
    """Each method answers its tap first."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self.typing = TypingDesk(performer)

    async def text(self, talk: Conversation, cause: Cause, text: str, *, in_turn: bool = False) -> None:
        """A message: input for the program that runs, else a command or a question.

        `in_turn`: in a group, what is not an answer to the running program waits until that has ended. Whatever is
        written while a demo's command runs does so: it reads nothing, and bash would run what it left.
        """
        in_turn = talk.session.demo_runs or (in_turn and talk.shared)
        busy = talk.occupied if in_turn else talk.session.busy
        run = talk.session.console.run
        is_command = not busy or in_turn or (run is not None and run.at_shell_prompt)
        meant, changed = straighten(text) if is_command else (text, False)
        if changed:
            await talk.say("note.straightened")
        await self._performer.happen(talk, TextTyped(meant, busy, in_turn), cause)

    async def answer(self, talk: Conversation, cause: Cause, text: str, answered: int) -> None:
        """A reply to one of the bot's messages in a group: to the running command's, it is input."""
        job = talk.session.find(answered)
        await self.text(talk, cause, text, in_turn=job is None or job is not talk.session.job)

    async def line(self, talk: Conversation, cause: Cause, action: str, number: str) -> None:
        """A waiting line's buttons: give it to the running program as input, or take it back."""
        line = talk.turns.find(int(number) if number.isascii() and number.isdigit() else None)
        if line is None:
            return await talk.answer(cause, talk.words("turns.over"))
        if line.cause.person.id != cause.person.id:
            return await talk.answer(cause, talk.words("turns.not_yours"))
        if action == "input" and talk.session.demo_runs:
            return await talk.answer(cause, talk.words("demo.reads_nothing"))
        talk.turns.remove(line)
        await talk.kit.notebook.over(line.note)
        await talk.answer(cause)
        if cause.message_id is not None:
            await talk.kit.sender.delete(talk.scope, cause.message_id)
        if action == "input" and not await talk.session.send_input(line.command, below=False):
            # The program that it was for has just ended: it is a command again.
            await self._performer.run(talk, line.cause, line.command, line.origin)

    async def stop(self, talk: Conversation, cause: Cause) -> None:
        stopped = await self._reached(talk.session.interrupt())
        await talk.answer(cause, "" if stopped else talk.words("note.nothing_running"))

    async def press(self, talk: Conversation, cause: Cause, name: str) -> None:
        pressed = await self._reached(talk.session.press(name))
        await talk.answer(cause, "" if pressed else _unheard(talk))

    async def pad(self, talk: Conversation, cause: Cause, pad: Pad) -> None:
        """Show other keys; or single keys for a program that reads lines, and lines again."""
        chosen = await self._reached(talk.session.choose(pad))
        await talk.answer(cause, "" if chosen else _unheard(talk))

    async def _reached(self, typing: Awaitable[bool]) -> bool:
        """Whether the program was reached; a lab that goes away at this moment has nothing left to stop."""
        try:
            return await typing
        except LabError:
            return False

    async def again(self, talk: Conversation, cause: Cause) -> None:
        """Run the message's command once more; of one that is not remembered, what the message shows of it."""
        job = talk.session.find(cause.message_id)
        command = job.command if job else cause.command
        if command is None:
            return await talk.answer(cause, talk.words("note.gone"))
        if talk.session.busy and not talk.queues:
            return await talk.answer(cause, talk.words(talk.session.busy_note))
        await talk.answer(cause)
        await self._performer.run(talk, cause, command, job.origin if job else None)

    async def picture(self, talk: Conversation, cause: Cause) -> None:
        """The output, or a running program's screen, as a PNG: for what is coloured, or wider than a phone."""
        job = await self._shown(talk, cause)
        if job is not None and job.run is not None:
            await talk.kit.sender.photo(talk.scope, await talk.kit.pictures.of(job.run))

    async def log(self, talk: Conversation, cause: Cause) -> None:
        """All of the output as a document."""
        job = await self._shown(talk, cause)
        if job is not None and job.run is not None:
            content = f"$ {job.command}\n{job.run.screen.transcript()}".encode()
            await talk.kit.sender.document(talk.scope, "output.log", content, talk.words("terminal.log_caption"))

    async def record(self, talk: Conversation) -> None:
        """/record: the session so far, to be played with asciinema."""
        content = talk.session.console.recorded(talk.kit.clock(), talk.words("bot.name"))
        if content is None:
            return await talk.say("record.none")
        await talk.kit.sender.document(talk.scope, "dosirak.cast", content, talk.words("record.caption"))

    async def _shown(self, talk: Conversation, cause: Cause) -> Job | None:
        job = talk.session.find(cause.message_id)
        await talk.answer(cause, "" if job else talk.words("note.output_gone"))
        return job


def _unheard(talk: Conversation) -> str:
    """Why a key went nowhere."""
    return talk.words("demo.reads_nothing" if talk.session.demo_runs else "note.nothing_running")
