"""Markdown comes out as the text and entities that Telegram takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.course.render import RUN, Rendered, render
from bot.richtext import RichText, units


def shown(source: str) -> Rendered:
    """Render a source that must have no fault."""
    problems: list[tuple[int, str]] = []
    rendered = render(source, lambda line, problem: problems.append((line, problem)))
    assert problems == []
    return rendered


def faults(source: str) -> list[tuple[int, str]]:
    problems: list[tuple[int, str]] = []
    render(source, lambda line, problem: problems.append((line, problem)))
    return problems


def marks(body: RichText) -> list[tuple[str, str]]:
    """Each entity's kind and the text that it covers, cut out as Telegram does."""
    wide = body.text.encode("utf-16-le")
    return [
        (each.kind, wide[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le"))
        for each in body.entities
    ]


@pytest.mark.parametrize(
    ("source", "bold"),
    [
        ("**컨테이너**는 상자예요.", "컨테이너"),
        ("**docker run(명령)**은 실행해요.", "docker run(명령)"),
        ("그래서 **“이식성”**이라고 해요.", "“이식성”"),
        ("명령은**`ls`**예요.", "ls"),
        ("**빌드, 공유, 실행.**그다음", "빌드, 공유, 실행."),
        ("**▶ 실행**을 눌러요.", "▶ 실행"),
        ("앞**「칸」**뒤", "「칸」"),
    ],
)
def test_bold_next_to_hangul_is_bold(source: str, bold: str) -> None:
    """No asterisk is left over where CommonMark would leave one."""
    body = shown(source).body
    assert "*" not in body.text
    assert ("bold", bold) in marks(body)


@pytest.mark.parametrize("source", ["2 * 3 * 4", "quirky_hugle", "_not italic_", "a ** b ** c"])
def test_lone_marks_and_underscores_are_text(source: str) -> None:
    """Container names keep their underscore."""
    assert shown(source).body == RichText(source)


def test_italic_and_bold_nest() -> None:
    """The outer entity comes first."""
    assert marks(shown("**가 *나* 다**").body) == [("bold", "가 나 다"), ("italic", "나")]


def test_offsets_count_utf16_units_after_an_emoji() -> None:
    """An emoji outside the basic plane counts two."""
    body = shown("🍱 **도시락** `ls`").body
    assert [(each.kind, each.offset, each.length) for each in body.entities] == [("bold", 3, 3), ("code", 7, 2)]


def test_angle_brackets_are_text() -> None:
    """`<name>` is what manuals write, not HTML."""
    assert shown("docker rm <name> & <b>x</b>").body.text == "docker rm <name> & <b>x</b>"


def test_a_line_break_in_the_source_is_a_space() -> None:
    """Paragraphs flow on a phone, whatever the width of the source."""
    assert shown("한 줄\n두 줄").body.text == "한 줄 두 줄"


def test_paragraphs_stand_apart_and_boxes_close() -> None:
    """A blank line between paragraphs; beside a box one line break, since clients draw room around it."""
    assert shown("a\n\nb\n\n```text\nc\n```\n\nd\n\n> e\n> f\n\ng").body.text == "a\n\nb\nc\nd\ne f\ng"


def test_a_run_block_is_shown_and_gets_a_button() -> None:
    """The command stands in the message as `sh`, and in the blocks without its last line break."""
    rendered = shown(f"a\n\n```{RUN}\ndocker ps\ndocker info\n```\n")
    assert [block.command for block in rendered.blocks] == ["docker ps\ndocker info"]
    assert rendered.block_lines == (2,)
    assert marks(rendered.body) == [("pre", "docker ps\ndocker info")]
    assert rendered.body.entities[0].language == "sh"


def test_several_run_blocks_say_which_button_is_theirs() -> None:
    """Buttons stand below the text: a number ties each to its command."""
    block = f"```{RUN}\nls\n```\n"
    assert shown(f"a\n\n{block}\nb\n\n{block}").body.text == "a\n▶ 1\nls\nb\n▶ 2\nls"
    assert shown(f"a\n\n{block}").body.text == "a\nls"


@pytest.mark.parametrize("language", ["text", "sh", "html"])
def test_other_blocks_are_only_shown(language: str) -> None:
    """An output is no button."""
    rendered = shown(f"```{language}\nx\n```")
    assert (rendered.blocks, rendered.body.entities[0].language) == ((), language)


def test_lists_have_bullets_and_numbers() -> None:
    """Flat lists, also with blank lines between their items and from another number on."""
    assert shown("- a\n- b").body.text == "• a\n• b"
    assert shown("- a\n\n- b").body.text == "• a\n• b"
    assert shown("3. a\n4. b\n\nc").body.text == "3. a\n4. b\n\nc"


def test_headings_are_bold_lines() -> None:
    """Telegram has no headings."""
    assert marks(shown("## 제목\n\n글").body) == [("bold", "제목")]


def test_links_keep_their_address() -> None:
    """A web link is a text_link entity."""
    entity = shown("[도커](https://docs.docker.com/)를 보세요").body.entities[0]
    assert (entity.kind, entity.length, entity.url) == ("text_link", 2, "https://docs.docker.com/")


def test_a_table_is_aligned_by_cells() -> None:
    """Hangul takes two cells, so the second column starts below itself."""
    body = shown("| 이름 | `port` |\n|---|---|\n| a | 80 |").body
    assert body.text == "이름  port\na     80"
    assert body.entities[0].kind == "pre"


def test_a_table_wider_than_a_phone_is_a_fault() -> None:
    """34 cells fit, 35 do not."""
    table = "x\n\n| a | {} |\n|---|---|\n| b | c |"
    assert faults(table.format("x" * 31)) == []
    assert faults(table.format("x" * 32)) == [(2, "the table is wider than 34 cells (Hangul counts two)")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n\n---", 2),
        ("a\n![x](y)", 1),
        ("- a\n\n  b", 2),
        ("- a\n  > b", 1),
        ("> - a", 0),
        ("> ```text\n> a\n> ```", 0),
        ("- ## a", 0),
        ("```text\n\n```", 0),
        ("    code", 0),
        ("| **a** |\n|---|", 0),
        ("a\n\nb [c](ftp://d)", 2),
    ],
)
def test_what_a_message_cannot_show_is_a_fault_at_its_line(source: str, line: int) -> None:
    """Nothing is dropped in silence."""
    assert [place for place, _ in faults(source)] == [line]


@given(st.text(alphabet="가나a *`_<>()“”🍱\n-#|1.", max_size=60))
def test_whatever_is_written_entities_stay_inside_the_text(source: str) -> None:
    """No entity is empty, begins before another that holds it, or ends beyond the text."""
    rendered = render(source, lambda line, problem: None)
    body = rendered.body
    assert all(each.length > 0 and each.offset + each.length <= units(body.text) for each in body.entities)
    assert list(body.entities) == sorted(body.entities, key=lambda each: (each.offset, -each.length))
