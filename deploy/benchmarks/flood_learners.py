"""Who sits at the flood server: a learner acts, and knows when the act was answered."""

from __future__ import annotations

import re
from typing import Any

from bot.chat.callbacks import encode
from bot.course import read_course
from bot.settings import CONTENT

NEXT = re.compile(r"v1:next:[\w-]+:[\w-]+")


class Learner:
    """Somebody with a private chat, whose number is also theirs."""

    def __init__(self, chat: int) -> None:
        self.chat = chat

    def act(self, number: str) -> dict[str, Any]:
        """The update that tells of this learner's next act; `number` is unique."""
        raise NotImplementedError

    def tap_answered(self) -> bool:
        """A tap's waiting was ended; whether the act is over."""
        return False

    def message_came(self, markup: str) -> bool:
        """A message with these buttons (JSON, or nothing); whether the act is over."""
        raise NotImplementedError

    @staticmethod
    def chat_of(query: str) -> int:
        """Whose tap a callback query was: its id begins with the chat."""
        return int(query.partition("-")[0])

    def person(self) -> dict[str, Any]:
        return {"id": self.chat, "is_bot": False, "first_name": "Learner", "language_code": "ko"}

    def message(self) -> dict[str, Any]:
        chat = {"id": self.chat, "type": "private", "first_name": "Learner"}
        return {"message_id": 7, "date": 1_800_000_000, "chat": chat, "from": self.person(), "text": "hello"}


class Talker(Learner):
    """Says a word and waits for one message."""

    def act(self, number: str) -> dict[str, Any]:
        return {"message": self.message()}

    def message_came(self, markup: str) -> bool:
        return True


class Tapper(Learner):
    """Opens a step and taps Next on each, from the chapter's end on again; waits for the answer and the next step."""

    def __init__(self, chat: int, start: str) -> None:
        super().__init__(chat)
        self._start = self._next = start
        self._waits_for_answer = self._waits_for_step = False

    def act(self, number: str) -> dict[str, Any]:
        self._waits_for_answer = self._waits_for_step = True
        query = {"id": f"{self.chat}-{number}", "from": self.person(), "message": self.message()}
        return {"callback_query": query | {"chat_instance": "1", "data": self._next}}

    def tap_answered(self) -> bool:
        over = self._waits_for_answer and not self._waits_for_step
        self._waits_for_answer = False
        return over

    def message_came(self, markup: str) -> bool:
        found = NEXT.search(markup)
        self._next = found[0] if found else self._start
        over = self._waits_for_step and not self._waits_for_answer
        self._waits_for_step = False
        return over


def talkers(count: int) -> list[Learner]:
    return [Talker(chat) for chat in range(1, count + 1)]


def tappers(count: int) -> list[Learner]:
    """Learners who stand at different steps, so that all the course's messages are asked for all the time."""
    steps = [(chapter.id, step.id) for chapter in read_course(CONTENT).chapters for step in chapter.steps[:-1]]
    return [Tapper(chat, encode("step", *steps[chat % len(steps)])) for chat in range(1, count + 1)]
