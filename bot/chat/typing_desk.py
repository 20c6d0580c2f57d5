"""Help with typing on a phone: a corrected message runs again, old commands come back, the terminal has a size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.message import Outgoing, button, in_rows, rows
from bot.chat.performer import Performer
from bot.chat.texts import Words
from bot.richtext import RichText, joined, marked
from bot.terminal.keys import straighten
from bot.terminal.plain import plain, shortened
from bot.terminal.sizes import Width

OFFERED: Final = 8
"""Old commands in the list: two rows of buttons."""
IN_ROW: Final = 4
SHOWN_UNITS: Final = 200
"""Of a long one in the list; its button runs all of it."""


class TypingDesk:
    """Each method answers its tap first."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    def corrects(self, talk: Conversation, cause: Cause, text: str) -> bool:
        """Whether this edited message is the person's own last command, in other words than it was run with.

        Telegram tells of an edit also when only something beside the text has changed.
        """
        job = talk.session.last
        if job is None or job.asked is None or (job.asked, job.person.id) != (cause.said, cause.person.id):
            return False
        return straighten(text).text.strip() != job.command

    async def history(self, talk: Conversation) -> None:
        """The last commands, each once."""
        commands = await talk.kit.store.audit.recent(talk.scope, OFFERED)
        await talk.post(_list(talk.words, commands))

    async def recall(self, talk: Conversation, cause: Cause, number: int) -> None:
        """Run one of the list again."""
        command = await talk.kit.store.audit.command(talk.scope, number)
        if command is None:
            return await talk.answer(cause, talk.words("note.gone"))
        if talk.session.busy and not talk.queues:
            return await talk.answer(cause, talk.words(talk.session.busy_note))
        await talk.answer(cause)
        await self._performer.run(talk, cause, command, None)

    async def size(self, talk: Conversation, cause: Cause, choice: str) -> None:
        """Keep the chosen size for this conversation; without one that is known, offer all."""
        if choice in set(Width):
            width = Width(choice)
            await talk.kit.store.scopes.change(talk.scope, lambda state: replace(state, width=width))
            await talk.session.console.choose_width(width)
        await talk.answer(Cause(cause.person, cause.query_id))
        await talk.show(cause, _sizes(talk.words, talk.session.console.width))


def _list(words: Words, commands: Sequence[tuple[int, str]]) -> Outgoing:
    if not commands:
        return Outgoing(RichText(words("history.none")))
    lines = [
        joined([f"\n{place}  ", marked("code", shortened(plain(command.replace("\n", " ⏎ ")), SHOWN_UNITS))])
        for place, (_, command) in enumerate(commands, 1)
    ]
    buttons = [button(f"{place}", "recall", number) for place, (number, _) in enumerate(commands, 1)]
    return Outgoing(joined([words("history.title"), *lines]), in_rows(buttons, IN_ROW))


def _sizes(words: Words, chosen: Width) -> Outgoing:
    size = f"{chosen.lines.columns}×{chosen.lines.rows}", f"{chosen.screen.columns}×{chosen.screen.rows}"
    text = words("size.title", name=words(f"size.{chosen}"), lines=size[0], screen=size[1])
    choices = (button(f"{'● ' * (width is chosen)}{words(f'size.{width}')}", "size", width) for width in Width)
    return Outgoing(RichText(text), rows(choices))
