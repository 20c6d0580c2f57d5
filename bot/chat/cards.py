"""The list of containers as a card for phones: two lines for each, and buttons for what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.durations import age
from bot.chat.message import Button, Outgoing, Rows, button, in_rows, rows
from bot.chat.texts import Words
from bot.richtext import RichText, joined, marked
from bot.sandbox.summary import ContainerSummary

SHORT_ID = 12
"""Characters of an id in a button, as `docker container ls` shows; the text has eight, which is plenty in one lab."""
SHOWN = 12
"""A lab holds no more containers (its network has thirteen addresses, and the toolbox takes one)."""
WITH_OWN_ROW = 2
"""So many containers have all their buttons in sight; with more, a number is tapped first."""
NUMBERS_IN_A_ROW = 6

_SIGNS = {"running": "🟢", "paused": "🟡", "created": "⚪", "exited": "⚪"}


def card(
    words: Words, containers: Sequence[ContainerSummary], now: datetime, *, chosen: str | None = None, note: str = ""
) -> Outgoing:
    """All containers; `chosen` is the id whose buttons are shown, `note` what a button has just done."""
    refresh = button(words("containers.refresh"), "ps")
    if not containers:
        return Outgoing(_with_note(RichText(words("containers.none")), note), rows((refresh,)))
    lines: list[RichText | str] = [marked("bold", words("containers.title", n=len(containers)))]
    shown = containers[:SHOWN]
    lines += [_lines(words, number, one, now) for number, one in enumerate(shown, start=1)]
    if len(containers) > SHOWN:
        lines.append("\n" + words("containers.more", n=len(containers) - SHOWN))
    if len(shown) > WITH_OWN_ROW and not chosen:
        lines.append("\n\n" + words("containers.pick"))
    remove_all = button(words("containers.remove_all"), "c", "clear")
    return Outgoing(_with_note(joined(lines), note), (*_choices(words, shown, chosen), *rows((refresh, remove_all))))


def _lines(words: Words, number: int, container: ContainerSummary, now: datetime) -> RichText:
    facts = list(_ports(container))
    if state := _state(words, container):
        facts.append(state)
    since = container.started_at if container.runs else container.finished_at
    more = "".join(f" · {fact}" for fact in facts)
    # The age stands above, where there is room: the second line would break with it.
    old = age(words, since or container.created_at, now)
    # Names are code: of `web.site` or `/web` Telegram would make links.
    first = joined([f"\n{_SIGNS[container.state]} {number}. ", marked("code", container.name), "  "])
    second = joined([marked("code", container.image), more])
    return joined([first, marked("code", container.id[:8]), f" · {old}\n    ", second])


def _ports(container: ContainerSummary) -> list[str]:
    return [f"{port.host}→{port.container}" for port in container.ports] if container.runs else []


def _state(words: Words, container: ContainerSummary) -> str:
    if container.state == "exited":
        return words("containers.exited", code=container.exit_code)
    return "" if container.state == "running" else words(f"containers.{container.state}")


def _choices(words: Words, containers: Sequence[ContainerSummary], chosen: str | None) -> Rows:
    """One row for each of few containers; of many, the chosen one's row, or the numbers to choose from."""
    numbered = list(enumerate(containers, start=1))
    if len(numbered) <= WITH_OWN_ROW:
        return tuple(_actions(words, number, one) for number, one in numbered)
    for number, one in numbered:
        if chosen and one.id.startswith(chosen):
            return (_actions(words, number, one), (button(words("containers.back"), "ps"),))
    picks = [button(str(number), "c", "pick", one.id[:SHORT_ID]) for number, one in numbered]
    return in_rows(picks, NUMBERS_IN_A_ROW)


def _actions(words: Words, number: int, container: ContainerSummary) -> tuple[Button, ...]:
    names = ["logs", "stop" if container.runs else "start", "remove"]
    if container.runs and container.ports:
        names.append("open")
    short = container.id[:SHORT_ID]
    return tuple(button(words(f"containers.{name}", n=number), "c", name, short) for name in names)


def ask_remove(words: Words, container: ContainerSummary) -> Outgoing:
    """Before one container goes."""
    said = words.coded("containers.ask_remove", {"name": container.name})
    return Outgoing(said, rows(_yes_no(words, "removed", container.id[:SHORT_ID])))


def ask_remove_all(words: Words, count: int) -> Outgoing:
    """Before all of them go."""
    return Outgoing(RichText(words("containers.ask_remove_all", n=count)), rows(_yes_no(words, "cleared")))


def _yes_no(words: Words, action: str, *arguments: str) -> tuple[Button, Button]:
    yes = button(words("containers.yes_remove"), "c", action, *arguments)
    return yes, button(words("containers.no_remove"), "ps")


def _with_note(text: RichText, note: str) -> RichText:
    return text + f"\n\n{note}" if note else text
