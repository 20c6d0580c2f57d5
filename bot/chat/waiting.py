"""Those who wait for a lab while the host is full, in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.cause import Cause
from bot.chat.durations import span
from bot.chat.message import Outgoing, button, rows
from bot.chat.texts import Words
from bot.identity import Scope
from bot.learning.progress import Place
from bot.richtext import RichText
from bot.store import Wish

CALL_KEEPS = timedelta(minutes=2)
"""Long enough to look at the phone; then the next one is called."""
WAITING_MOST = 500
OF_ONE_CONVERSATION = 10
"""People of one group; as many as may wait for their turn at its terminal."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a person wanted to do in a lab: see `Wish` for `text` and `place`."""

    cause: Cause
    wish: Wish
    text: str = ""
    place: Place | None = None


@dataclass(slots=True)
class Guest:
    """A conversation in the queue, what its people want in the order in which they said so, and until when a place is
    kept for it."""

    scope: Scope
    errands: list[Errand]
    kept_until: datetime | None = None

    def add(self, errand: Errand) -> bool:
        """What somebody wants now takes the place of what they wanted before; False when there is too much already."""
        people = [one.cause.person.id for one in self.errands]
        if errand.cause.person.id in people:
            self.errands[people.index(errand.cause.person.id)] = errand
            return True
        if len(people) >= OF_ONE_CONVERSATION:
            return False
        self.errands.append(errand)
        return True


class WaitingRoom:
    """One place for each conversation."""

    def __init__(self) -> None:
        self._guests: dict[Scope, Guest] = {}

    def __len__(self) -> int:
        return sum(guest.kept_until is None for guest in self._guests.values())

    def join(self, scope: Scope, errand: Errand, kept_until: datetime | None = None) -> int | None:
        """Its place, from 1; a conversation that is in the queue keeps the one it has. None: it is full."""
        known = self._guests.get(scope)
        if known is None and len(self._guests) >= WAITING_MOST:
            return None
        guest = known or Guest(scope, [], kept_until)
        if not guest.add(errand):
            return None
        self._guests[scope] = guest
        return self.ahead_of(scope) + 1

    def take_back(self, scope: Scope, user_id: int) -> Errand | None:
        """This person does not want it any more; the last one's conversation leaves."""
        guest = self._guests.get(scope)
        errand = next((one for one in guest.errands if one.cause.person.id == user_id), None) if guest else None
        if guest is not None and errand is not None:
            guest.errands.remove(errand)
            if not guest.errands:
                del self._guests[scope]
        return errand

    def of_person(self, user_id: int) -> tuple[Scope, ...]:
        """Where this person wants something."""
        people = {scope: [one.cause.person.id for one in guest.errands] for scope, guest in self._guests.items()}
        return tuple(scope for scope, ids in people.items() if user_id in ids)

    def ahead_of(self, scope: Scope) -> int:
        """How many wait and would come before this conversation."""
        return [*self._waiting(), scope].index(scope)

    def _waiting(self) -> list[Scope]:
        return [scope for scope, guest in self._guests.items() if guest.kept_until is None]

    def kept(self) -> int:
        """Places that are kept for guests who were called."""
        return sum(guest.kept_until is not None for guest in self._guests.values())

    def too_late(self, now: datetime) -> tuple[Scope, ...]:
        """Who was called and did not come; they lose their places."""
        late = [one.scope for one in self._guests.values() if one.kept_until is not None and now >= one.kept_until]
        for scope in late:
            del self._guests[scope]
        return tuple(late)

    def is_called(self, scope: Scope, now: datetime) -> bool:
        guest = self._guests.get(scope)
        return guest is not None and guest.kept_until is not None and now < guest.kept_until

    def call(self, now: datetime) -> Guest | None:
        """The longest waiting guest, whose place is kept from now on."""
        guest = next((guest for guest in self._guests.values() if guest.kept_until is None), None)
        if guest is not None:
            guest.kept_until = now + CALL_KEEPS
        return guest

    def of_chat(self, chat_id: int) -> tuple[Guest, ...]:
        """Those of a person's private chat, or of a group and its topics."""
        return tuple(guest for guest in self._guests.values() if guest.scope.chat_id == chat_id)

    def move(self, old_chat_id: int, new_chat_id: int) -> None:
        """A group has another id from now on, and the same place."""
        guests = list(self._guests.values())
        for guest in guests:
            if guest.scope.chat_id == old_chat_id:
                guest.scope = Scope(new_chat_id, guest.scope.topic_id)
        self._guests = {guest.scope: guest for guest in guests}

    def find(self, scope: Scope) -> Guest | None:
        return self._guests.get(scope)

    def leave(self, scope: Scope) -> Guest | None:
        """It has its lab, or does not want one any more."""
        return self._guests.pop(scope, None)


def full(words: Words, place: int, time: timedelta | None) -> Outgoing:
    """The place in the queue, and the honest guess how long it takes; some guesses cannot be made."""
    if time is None:
        said = words("queue.place", place=place)
    else:
        said = words("queue.place_time", place=place, time=span(words, time.total_seconds()))
    return Outgoing(RichText(said), rows((button(words("queue.leave"), "wait", "leave"),)))


def called(words: Words) -> Outgoing:
    """It is their turn."""
    said = words("queue.called", time=span(words, CALL_KEEPS.total_seconds()))
    go, leave = button(words("queue.go"), "wait", "go"), button(words("queue.leave"), "wait", "leave")
    return Outgoing(RichText(said), rows((go, leave)))
