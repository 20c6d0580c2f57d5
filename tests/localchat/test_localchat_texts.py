"""Text rules that hold for any text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.localchat.html import read_html
from bot.localchat.refusals import Refused
from bot.localchat.texts import checked
from bot.richtext import Entity, RichText, units

ENTITIES = st.builds(Entity, st.sampled_from(["bold", "code", "pre"]), st.integers(-2, 40), st.integers(-2, 40))


def _part(value: RichText, entity: Entity) -> str:
    encoded = value.text.encode("utf-16-le")
    return encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


@given(st.text(max_size=30), st.lists(ENTITIES, max_size=3))
def test_what_is_accepted_fits(text: str, entities: list[Entity]) -> None:
    """Every entity of an accepted text lies in it, on whole characters, in order; everything else is refused."""
    ordered = tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))
    try:
        shown = checked(text, ordered, limit=30, too_long="message is too long")
    except Refused:
        return
    assert shown.text == shown.text.rstrip() and shown.units <= 30
    for entity in shown.entities:
        assert entity.length > 0 and entity.offset + entity.length <= shown.units
        _part(shown, entity)


@given(st.text(alphabet=st.characters(exclude_characters="<>&", exclude_categories=("Cs",)), max_size=30))
def test_html_without_tags_is_the_text_itself(text: str) -> None:
    """No entity, no change."""
    parsed = read_html(text)
    assert (parsed.text, parsed.entities) == (text, ())


def test_what_is_found_stands_where_it_is() -> None:
    """Links end before the full stop, commands need a border, hashtags may be Korean."""
    value = checked("🍱 https://a.kr/b, /ps a/b @dosirak_bot #도커 5/6", (), limit=99, too_long="", commands=True)
    found = [(entity.kind, _part(value, entity)) for entity in value.entities]
    assert found == [
        ("url", "https://a.kr/b"),
        ("bot_command", "/ps"),
        ("mention", "@dosirak_bot"),
        ("hashtag", "#도커"),
    ]


def test_entities_shrink_with_a_trimmed_text() -> None:
    """A code block's trailing newline goes, and its entity with it."""
    value = checked("a\n\n", (Entity("pre", 0, 3),), limit=9, too_long="")
    assert value == RichText("a", (Entity("pre", 0, units("a")),))
