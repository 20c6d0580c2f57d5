"""Who may do what in a group, when its admins have chosen; in a private chat everything is one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import User

from bot.chat import turns
from bot.chat.admins import Admins, Standing
from bot.chat.callbacks import Tap
from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.message import Button, Outgoing, button, in_rows, rows
from bot.chat.names import harmless
from bot.chat.texts import Words
from bot.richtext import RichText, joined, marked
from bot.store import Driving, Who, Wish

_TYPES = frozenset({"run", "again", "stop", "key", "pad", "recall", "size", "line", "demo", "wait"})
_MOVES = frozenset({"next", "back", "step"})
DRIVES = _TYPES | _MOVES
"""Buttons that type into the terminal or move the group's lesson on."""
LOOKS = frozenset({"pick", "logs"})
"""Buttons of the container card that change nothing."""
LIVES = frozenset({"reset", "life", "close"})
"""Buttons that empty the lab or decide how long it lives."""
DRIVING_COMMANDS = frozenset({"sh", "run", "demo", "size"})
LIFE_COMMANDS = frozenset({"reset", "extend", "close"})
PEOPLE_OFFERED = 4
"""Members named in the card; anybody else is named by a reply to one of their messages."""

Refusal = str


class Drivers:
    """Each question is answered with a sentence, or with None: go on."""

    def __init__(self, admins: Admins) -> None:
        self._admins = admins

    async def of_tap(self, talk: Conversation, cause: Cause, tap: Tap) -> Refusal | None:
        """Whether this person may press this button."""
        touches = tap.action == "c" and tap.arguments[:1] != () and tap.arguments[0] not in LOOKS
        if tap.action in DRIVES or touches or tap.action == "page":
            return await self.of_driving(talk, cause)
        if tap.action == "reset" and tap.arguments == ("no",):
            return None
        return await self.of_life(talk, cause) if tap.action in LIVES else None

    async def of_command(self, talk: Conversation, cause: Cause, name: str) -> Refusal | None:
        """Whether this person may use this command."""
        if name in DRIVING_COMMANDS:
            return await self.of_driving(talk, cause)
        return await self.of_life(talk, cause) if name in LIFE_COMMANDS else None

    async def of_driving(self, talk: Conversation, cause: Cause) -> Refusal | None:
        if talk.scope.is_private:
            return None
        driving = await talk.kit.store.driving.get(talk.scope)
        if driving.who is Who.EVERYONE or (driving.who is Who.PERSON and cause.person.id == driving.user_id):
            return None
        if driving.who is Who.PERSON:
            return talk.words("driver.other", name=harmless(driving.user_name))
        is_admin = await self._admins.is_admin(talk.scope, cause.person.id)
        return None if is_admin else talk.words("driver.admins_drive")

    async def of_life(self, talk: Conversation, cause: Cause) -> Refusal | None:
        if talk.scope.is_private or not (await talk.kit.store.driving.get(talk.scope)).life_by_admins:
            return None
        return None if await self._admins.is_admin(talk.scope, cause.person.id) else talk.words("driver.admins_only")


class DriverDesk:
    """/driver: the group's admins choose."""

    def __init__(self, admins: Admins) -> None:
        self._admins = admins
        self._drivers = Drivers(admins)
        self._choices: dict[str, Callable[[Conversation, Driving, str], Awaitable[Driving | None]]] = {
            "all": self._everyone,
            "admins": self._only_admins,
            "user": self._person,
            "life": self._life,
        }

    async def show(self, talk: Conversation, cause: Cause, answered: User | None) -> None:
        """The card; as a reply to somebody's message, that person drives from now on."""
        if talk.scope.is_private:
            return await talk.say("driver.private")
        if answered is None or answered.is_bot:
            return await talk.post(await self._card(talk))
        if not await self._admins.is_admin(talk.scope, cause.person.id):
            return await talk.say("driver.admins_choose")
        before = await talk.kit.store.driving.get(talk.scope)
        chosen = replace(before, who=Who.PERSON, user_id=answered.id, user_name=answered.full_name)
        await talk.kit.store.driving.put(talk.scope, chosen)
        await talk.post(await self._card(talk))
        await self._send_away(talk)

    async def tap(self, talk: Conversation, cause: Cause, choice: str, value: str) -> None:
        """One button of the card."""
        if talk.scope.is_private or choice not in self._choices:
            return await talk.answer(cause, talk.words("note.gone"))
        if not await self._admins.is_admin(talk.scope, cause.person.id):
            return await talk.answer(cause, talk.words("driver.admins_choose"))
        before = await talk.kit.store.driving.get(talk.scope)
        chosen = await self._choices[choice](talk, before, value)
        if chosen is None:
            return await talk.answer(cause, talk.words("driver.not_here"))
        await talk.kit.store.driving.put(talk.scope, chosen)
        await talk.answer(cause)
        await talk.show(cause, await self._card(talk))
        await self._send_away(talk)

    async def forgotten(self, talk: Conversation) -> None:
        """Whoever drove here is not known any more: the admins do, until they choose somebody else."""
        await talk.say("driver.gone")
        await self._send_away(talk)

    async def _send_away(self, talk: Conversation) -> None:
        """What waits for its turn was asked for under the old rule; each whose line it is reads that it goes."""
        for line in talk.turns.all():
            refused = await self._drivers.of_driving(talk, line.cause)
            if refused is None or talk.turns.find(line.number) is None:
                continue
            talk.turns.remove(line)
            await talk.kit.notebook.over(line.note)
            await talk.show(Cause(message_id=line.notice), turns.dropped(talk.words, line.cause, line.command))
        reception = talk.kit.keeper.reception
        guest = reception.waiting.find(talk.scope)
        for errand in tuple(guest.errands) if guest else ():
            if await self._drivers.of_driving(talk, errand.cause) is not None and errand.wish is not Wish.CHECK:
                await reception.take_back(talk.scope, errand.cause.person.id)
                shown = errand.text if errand.wish is Wish.RUN else ""
                await talk.post(turns.dropped(talk.words, errand.cause, shown))

    async def _everyone(self, talk: Conversation, before: Driving, value: str) -> Driving:
        return replace(before, who=Who.EVERYONE, user_id=0, user_name="")

    async def _only_admins(self, talk: Conversation, before: Driving, value: str) -> Driving:
        return replace(before, who=Who.ADMINS, user_id=0, user_name="")

    async def _person(self, talk: Conversation, before: Driving, value: str) -> Driving | None:
        standing = await self._member(talk, value)
        if standing is None:
            return None
        return replace(before, who=Who.PERSON, user_id=int(value), user_name=standing.name)

    async def _member(self, talk: Conversation, value: str) -> Standing | None:
        if not (value.isascii() and value.isdigit()):
            return None
        standing = await self._admins.standing(talk.scope, int(value))
        return standing if standing.is_member else None

    async def _life(self, talk: Conversation, before: Driving, value: str) -> Driving:
        return replace(before, life_by_admins=value == "admins")

    async def _card(self, talk: Conversation) -> Outgoing:
        return card(talk.words, await talk.kit.store.driving.get(talk.scope), dict(talk.people))


def card(words: Words, driving: Driving, people: dict[int, str]) -> Outgoing:
    """How it is now, and what can be chosen."""
    lines: list[RichText | str] = [marked("bold", words("driver.title")), "\n"]
    lines.append(words(f"driver.now_{driving.who}", name=harmless(driving.user_name)))
    lines.append("\n" + words("driver.life_admins" if driving.life_by_admins else "driver.life_everyone"))
    lines.append("\n\n" + words("driver.how"))
    general = [
        button(words("driver.everyone"), "driver", "all"),
        button(words("driver.admins"), "driver", "admins"),
    ]
    named: list[Button] = [
        button(words("driver.person", name=name), "driver", "user", user_id)
        for user_id, name in list(people.items())[-PEOPLE_OFFERED:]
    ]
    other = "everyone" if driving.life_by_admins else "admins"
    life = button(words(f"driver.let_{other}"), "driver", "life", other)
    return Outgoing(joined(lines), (*rows(general), *in_rows(named, 2), *rows((life,))))
