"""Text as Telegram takes it: trimmed, measured, its entities checked, and links and commands found in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.localchat.refusals import Refused
from bot.richtext import Entity, RichText, units

MAX_ENTITIES = 100
"""Further ones are silently ignored (undocumented; PTB's constants name it)."""

FORMATS = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "blockquote",
        "expandable_blockquote",
        "text_link",
        "date_time",
    }
)
"""What a bot may set."""
FOUND = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"})
"""What the server finds by itself; it ignores these from a bot, since they are found again."""
OTHERS = frozenset({"text_mention", "custom_emoji"})
"""Known, but without a meaning in this chat: the text stays, the entity goes."""
CLOSED = FOUND | {"code", "pre", "text_link"}
"""Nothing more is found inside these."""

COMMAND = re.compile(r"(?<![\w/<>@])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/@])")
URL = re.compile(
    r"(?<![\w@./-])(?:https?://[^\s<>\"'`]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|kr|me)\b(?:/[^\s<>\"'`]*)?)"
)
MENTION = re.compile(r"(?<![\w@/])@[a-zA-Z][a-zA-Z0-9_]{2,31}\b")
HASHTAG = re.compile(r"(?<![\w#])#\w*[^\W\d_]\w*")
SEARCHES = ((URL, "url"), (MENTION, "mention"), (HASHTAG, "hashtag"))
COMMAND_SEARCH = (COMMAND, "bot_command")


def read_entities(values: Sequence[Any]) -> tuple[Entity, ...]:
    """Entities from their JSON; raises Refused as Telegram does."""
    entities = []
    for value in values[:MAX_ENTITIES]:
        if not isinstance(value, dict):
            raise Refused("can't parse MessageEntity: expected an Object")
        entity = _read_entity(value)
        if entity is not None:
            entities.append(entity)
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _read_entity(value: dict[str, Any]) -> Entity | None:
    for name in ("type", "offset", "length"):
        if name not in value:
            raise Refused(f"can't parse MessageEntity: Can't find field \"{name}\"")
    kind = value["type"]
    if kind in FOUND or kind in OTHERS:
        return None
    if kind not in FORMATS:
        raise Refused("can't parse MessageEntity: Unsupported type specified")
    if kind == "text_link" and not value.get("url"):
        raise Refused("can't parse MessageEntity: Can't find field \"url\"")
    if kind == "date_time" and not isinstance(value.get("unix_time"), int):
        raise Refused("can't parse MessageEntity: Can't find field \"unix_time\"")
    return Entity(
        kind,
        int(value["offset"]),
        int(value["length"]),
        value.get("language") or None,
        value.get("url"),
        value.get("unix_time"),
        value.get("date_time_format"),
    )


def checked(text: str, entities: tuple[Entity, ...], *, limit: int, too_long: str, commands: bool = False) -> RichText:
    """The text as it will be shown; raises Refused when it or an entity does not fit.

    `commands`: mark them too, which Telegram's server does in people's texts only.
    """
    _check_bounds(text, entities)
    shown = trimmed(RichText(text, tuple(entity for entity in entities if entity.length > 0)))
    if shown.units > limit:
        raise Refused(too_long)
    return with_found(shown, (*SEARCHES, COMMAND_SEARCH) if commands else SEARCHES)


def with_found(value: RichText, searches: Sequence[tuple[re.Pattern[str], str]]) -> RichText:
    """The text with what these searches find in it."""
    return RichText(value.text, tuple(sorted((*value.entities, *_found(value, searches)), key=_order)))


def _order(entity: Entity) -> tuple[int, int]:
    return entity.offset, -entity.length


def _check_bounds(text: str, entities: Iterable[Entity]) -> None:
    """Entities must lie in the text, nest, and not cut a surrogate pair."""
    boundaries = _boundaries(text)
    size = units(text)
    open_ends: list[int] = []
    for entity in entities:
        end = entity.offset + entity.length
        while open_ends and open_ends[-1] <= entity.offset:
            open_ends.pop()
        if entity.offset < 0 or entity.length < 0 or entity.offset > size:
            raise Refused(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
        if end > size or (open_ends and end > open_ends[-1]):
            place = f"entity beginning at UTF-16 offset {entity.offset}"
            raise Refused(f"{place} ends after the end of the text at UTF-16 offset {end}")
        if entity.offset in boundaries:
            raise Refused(f"entity begins in a middle of a UTF-16 symbol at byte offset {entity.offset}")
        if end in boundaries:
            raise Refused(f"entity ends in a middle of a UTF-16 symbol at byte offset {end}")
        open_ends.append(end)


def _boundaries(text: str) -> frozenset[int]:
    """Offsets that lie inside a surrogate pair."""
    inside = set()
    offset = 0
    for character in text:
        if character > "\uffff":
            inside.add(offset + 1)
            offset += 1
        offset += 1
    return frozenset(inside)


def trimmed(value: RichText) -> RichText:
    """Without blanks at both ends, as Telegram stores it; entities shrink with the text."""
    first = value.entities[0].offset if value.entities else value.units
    lead = min(len(value.text) - len(value.text.lstrip()), first)
    text = value.text[lead:].rstrip()
    size = units(text)
    moved = (replace(entity, offset=entity.offset - lead) for entity in value.entities)
    clipped = (replace(entity, length=min(entity.length, size - entity.offset)) for entity in moved)
    return RichText(text, tuple(entity for entity in clipped if entity.length > 0))


def _found(value: RichText, searches: Sequence[tuple[re.Pattern[str], str]]) -> list[Entity]:
    """What the searches find outside code, links and what is found already."""
    closed = [(entity.offset, entity.offset + entity.length) for entity in value.entities if entity.kind in CLOSED]
    found: list[Entity] = []
    for pattern, kind in searches:
        for match in pattern.finditer(value.text):
            text = match.group().rstrip(".,:;!?)") if kind == "url" else match.group()
            start = units(value.text[: match.start()])
            end = start + units(text)
            if text and not any(start < other_end and begin < end for begin, other_end in closed):
                found.append(Entity(kind, start, end - start))
                closed.append((start, end))
    return found
