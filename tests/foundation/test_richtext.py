"""Rich text counts as Telegram counts: in UTF-16 code units."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.richtext import Entity, RichText, joined, marked, units


@given(st.text())
def test_units_are_utf16_code_units(text: str) -> None:
    """The count equals what encoding to UTF-16 gives."""
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.lists(st.tuples(st.sampled_from(["bold", "code"]), st.text(max_size=5)), max_size=5))
def test_joining_keeps_each_entity_on_its_own_words(parts: list[tuple[str, str]]) -> None:
    """After any concatenation an entity still covers the text that it was made for."""
    whole = joined(marked(kind, text) for kind, text in parts)
    encoded = whole.text.encode("utf-16-le", "surrogatepass")
    covered = [
        (
            entity.kind,
            encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "surrogatepass"),
        )
        for entity in whole.entities
    ]
    assert covered == [(kind, text) for kind, text in parts if text]


def test_an_empty_text_carries_no_entity() -> None:
    """Telegram refuses entities of length zero, so none is made."""
    assert marked("bold", "") == RichText()


def test_emoji_shift_what_follows_by_two() -> None:
    """A character outside the basic plane is two units long."""
    assert (RichText("🍱 ") + marked("bold", "도시락")).entities == (Entity("bold", 3, 3),)
