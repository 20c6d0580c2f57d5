"""Messages for a program that is no more: a restart has cut it off, and its learner reads so.

What was written to the program, and what was written before the word about it came, would otherwise run in bash.
"""

from __future__ import annotations

import asyncio

from bot.identity import Scope


class _Word:
    """What is said about a program that was cut off: `number` is the message's, None when it could not be said."""

    def __init__(self) -> None:
        self.said = asyncio.Event()
        self.number: int | None = None


class Cutoffs:
    """Conversations in which the last run has left a program."""

    def __init__(self) -> None:
        self._words: dict[Scope, _Word] = {}
        self._closed = False

    def expect(self, scope: Scope) -> None:
        """There is a word to come; what people write there waits for it."""
        self._words[scope] = _Word()

    def said(self, scope: Scope, number: int) -> None:
        if (word := self._words.get(scope)) is not None:
            word.number = number

    def over(self, scope: Scope) -> None:
        """All was said there, as far as it could be."""
        if (word := self._words.get(scope)) is not None:
            word.said.set()

    def move(self, old_chat_id: int) -> None:
        """The messages of a group have other numbers from now on: nothing can be said of them."""
        for scope in [scope for scope in self._words if scope.chat_id == old_chat_id]:
            word = self._words.pop(scope)
            word.number = None
            word.said.set()

    def close(self) -> None:
        """The bot stops: what waits for a word is for the next start."""
        self._closed = True
        for word in self._words.values():
            word.said.set()

    async def covers(self, scope: Scope, message_id: int | None) -> bool:
        """Whether this message was for a program that is no more; the word about that is the answer to it.

        Raises CancelledError when the bot stops before that is known.
        """
        word = self._words.get(scope)
        if word is None or message_id is None:
            return False
        await word.said.wait()
        if self._closed and word.number is None:
            raise asyncio.CancelledError
        return word.number is not None and message_id < word.number
