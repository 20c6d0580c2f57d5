"""What the bot shows: lessons, lists, cards and notices, in both languages, within Telegram's limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import cards, notices
from bot.chat.callbacks import MAX_BYTES
from bot.chat.durations import age, span, took
from bot.chat.guide import Guide
from bot.chat.lesson import Lesson
from bot.chat.menu import COMMANDS
from bot.chat.message import Outgoing
from bot.chat.notices import PageView
from bot.chat.texts import Words, read_texts
from bot.course import read_course
from bot.identity import LabId, Language
from bot.learning.effects import Pointer, ShowChapterEnd
from bot.learning.places import places_of
from bot.learning.progress import Place, Progress
from bot.pages.page import Page
from bot.richtext import MAX_UNITS
from bot.sandbox.summary import PublishedPort
from bot.settings import CONTENT
from tests.chat.bash_lab import container

COURSE = read_course(CONTENT)
TEXTS = read_texts()
KOREAN = TEXTS[Language.KOREAN]
PLACES = [place for chapter in COURSE.chapters for place in places_of(chapter)]
NOW = datetime(2026, 1, 1, 12, 3, 10, tzinfo=UTC)
EVERY_LANGUAGE = pytest.mark.parametrize("words", TEXTS.values(), ids=lambda words: words.language)


def fits(outgoing: Outgoing) -> bool:
    """Telegram would take it: length, rows of at most eight, callback data of at most 64 bytes."""
    buttons = [button for row in outgoing.rows for button in row]
    return (
        0 < outgoing.text.units <= MAX_UNITS
        and all(len(row) <= 8 for row in outgoing.rows)
        and all(len((button.data or "").encode()) <= MAX_BYTES and button.label for button in buttons)
        and all(sum(x is not None for x in (button.data, button.url, button.copy)) == 1 for button in buttons)
    )


def labels(outgoing: Outgoing) -> list[list[str]]:
    return [[button.label for button in row] for row in outgoing.rows]


@EVERY_LANGUAGE
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.step)
def test_every_step_fits_a_message(words: Words, place: Place) -> None:
    """The shipped course, its quizzes and hints, in every language."""
    lesson = Lesson(COURSE, words)
    step = lesson.step(place)
    assert fits(step)
    assert len(step.rows) <= 3
    assert fits(lesson.done(place)) and fits(lesson.not_yet(place, "", 0)) and fits(lesson.not_yet(place, "아직", None))
    text = COURSE.chapter(place.chapter).step(place.step).texts[words.language]
    assert all(fits(lesson.hint(place, index, None)) for index in range(len(text.hints)))
    if text.quiz:
        assert fits(lesson.quiz(place))
        assert all(fits(lesson.quiz_answer(place, index, index == text.quiz.answer)) for index in range(2))


def test_a_step_says_where_it_is_and_what_can_be_done() -> None:
    """Place, title, run, copy, check, and the ways on; the first has no way back, the last finishes."""
    first = Lesson(COURSE, KOREAN).step(PLACES[0])
    assert first.text.text.startswith("1장 · 1/13  첫 컨테이너 실행하기")
    assert labels(first) == [["▶ 실행", "📋 복사", "✔ 확인"], ["목록", "다음 ▶"]]
    last = Lesson(COURSE, KOREAN).step(PLACES[-1])
    assert labels(last)[-1] == ["◀ 이전", "목록", "마치기 ▶"]


def test_several_commands_have_their_numbers() -> None:
    """The text numbers them; the buttons do the same."""
    step = Lesson(COURSE, KOREAN).step(Place("ch02", "remote-computer"))
    assert labels(step)[:2] == [["▶ 1", "▶ 2", "▶ 3", "▶ 4"], ["✔ 확인"]]


def test_a_question_is_answered_with_the_steps_name() -> None:
    """The sentence names the step, its button opens it."""
    shown = Lesson(COURSE, KOREAN).pointer(Pointer.EXPLAINED_HERE, (PLACES[3],))
    assert "[4단계 · 컨테이너란?]" in shown.text.text
    assert labels(shown) == [["4단계 열기"]]


@EVERY_LANGUAGE
def test_the_ways_around_the_course_fit(words: Words) -> None:
    """Welcome, lists, ends and help."""
    guide, progress = Guide(COURSE, words), Progress(words.language, PLACES[1], frozenset(PLACES[:1]))
    chapter = PLACES[0].chapter
    shown = [
        guide.welcome(PLACES[0], resumed=False),
        guide.welcome(PLACES[2], resumed=True),
        guide.welcome(None, resumed=False),
        guide.chapters(progress),
        guide.steps(chapter, progress),
        guide.chapter_end(ShowChapterEnd(chapter, tuple(PLACES[:9]), None)),
        guide.chapter_end(ShowChapterEnd(chapter, (), PLACES[0])),
        guide.languages({language: language.value for language in Language}),
        guide.help(COMMANDS),
        guide.reset_question(0),
        guide.reset_question(3),
    ]
    assert all(fits(one) for one in shown)


def test_the_list_of_steps_shows_what_is_done_and_where_one_is() -> None:
    """☑ done, ▶ here, ☐ open; each number opens its step."""
    shown = Guide(COURSE, KOREAN).steps("ch02", Progress(place=PLACES[1], done=frozenset(PLACES[:1])))
    lines = shown.text.text.splitlines()
    assert [line[0] for line in lines[1:4]] == ["☑", "▶", "☐"]
    assert labels(shown) == [[str(n) for n in range(1, 8)], [str(n) for n in range(8, 14)]]


# --- containers ------------------------------------------------------------------------------------------------------

WEB = container("quirky_hugle", number=0x4C7DA0B1, ports=(PublishedPort(8088, 80, "tcp"),))
HELLO = container("nice_lichterman", number=0xE80456D3, state="exited")


def test_a_card_has_two_lines_for_each_container() -> None:
    """Sign, name, short id, age; image, ports, state: the image's name leaves no room for more."""
    text = cards.card(KOREAN, [WEB, HELLO], NOW).text.text
    assert text.splitlines() == [
        "📦 내 컨테이너 2",
        f"🟢 1. quirky_hugle  {WEB.id[:8]} · 3분",
        "    diamol/ch02-hello-diamol-web · 8088→80",
        f"⚪ 2. nice_lichterman  {HELLO.id[:8]} · 3분",
        "    diamol/ch02-hello-diamol-web · 종료 0",
    ]


def test_a_card_offers_what_can_be_done_now() -> None:
    """A running one is stopped and opened, an ended one started."""
    assert labels(cards.card(KOREAN, [WEB, HELLO], NOW)) == [
        ["1 로그", "1 중지", "1 삭제", "1 열기"],
        ["2 로그", "2 시작", "2 삭제"],
        ["⟳ 새로고침", "모두 삭제"],
    ]


def test_many_containers_are_chosen_by_number() -> None:
    """Three rows of buttons at most, however many there are; the chosen one has its own row."""
    many = [container(f"name{number}", number=number + 1) for number in range(cards.SHOWN)]
    whole = cards.card(KOREAN, many, NOW)
    assert len(whole.rows) <= 3 and labels(whole)[0] == ["1", "2", "3", "4", "5", "6"]
    picked = cards.card(KOREAN, many, NOW, chosen=many[4].id[: cards.SHORT_ID])
    assert labels(picked)[0] == ["5 로그", "5 중지", "5 삭제"]
    assert fits(whole) and fits(picked)
    more = cards.card(KOREAN, [*many, WEB], NOW)
    assert "그 밖에 1개" in more.text.text


@EVERY_LANGUAGE
def test_nothing_is_removed_without_saying_what_goes(words: Words) -> None:
    """One or all: the question comes first, and no is an answer."""
    assert fits(cards.ask_remove(words, WEB)) and "quirky_hugle" in cards.ask_remove(words, WEB).text.text
    assert fits(cards.ask_remove_all(words, 3)) and "3" in cards.ask_remove_all(words, 3).text.text
    assert fits(cards.card(words, [], NOW))


# --- pages -----------------------------------------------------------------------------------------------------------

PAGE = Page("p" + "a" * 26, LabId("0123456789"), WEB.id, WEB.name, 8088, 80, NOW, NOW + timedelta(minutes=30))


@EVERY_LANGUAGE
def test_a_page_says_its_address_and_its_end(words: Words) -> None:
    """The address stands alone in its line and is a link; each reader's client shows the end in its own time zone."""
    url = f"http://{PAGE.token}.localhost:8080/"
    shown = notices.opened(words, PageView(PAGE, url), NOW)
    assert url in shown.text.text.splitlines()
    place, link, end = shown.text.entities
    assert place.kind == "code"
    assert (link.kind, link.url) == ("text_link", url)
    assert (end.kind, end.unix_time, end.date_time_format) == ("date_time", int(PAGE.ends_at.timestamp()), "t")
    assert "30" in shown.text.text
    lists = (notices.overview(words, views, NOW) for views in ([], [PageView(PAGE, url), PageView(PAGE, url, 7)]))
    stopped = notices.opened(words, PageView(PAGE, url, running=False), NOW)
    assert all(fits(one) for one in (shown, notices.over(words, PAGE), stopped, *lists))


@EVERY_LANGUAGE
def test_a_page_says_how_often_it_was_visited(words: Words) -> None:
    """Nothing before the first visit; the number then, also when the page is over."""
    url = f"http://{PAGE.token}.localhost:8080/"
    said = words("pages.visits", n=7)
    assert notices.opened(words, PageView(PAGE, url, 7), NOW).text.text.endswith(f" · {said}")
    assert notices.over(words, PAGE, 7).text.text.endswith(f" · {said}")
    none = words("pages.visits", n=0)
    assert none not in notices.opened(words, PageView(PAGE, url), NOW).text.text + notices.over(words, PAGE).text.text


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://x.labs.example.org/", True),
        ("http://93.184.216.34/", True),
        ("http://x.localhost:8080/", False),
        ("http://localhost/", False),
        ("http://10.0.0.1/", False),
        ("http://x.internal/", False),
        ("http://192.168.0.7:8080/", False),
    ],
)
def test_only_a_public_address_becomes_a_button(url: str, public: bool) -> None:
    """Telegram refuses the whole message for a button to localhost."""
    shown = notices.opened(KOREAN, PageView(PAGE, url), NOW)
    assert any(button.url for row in shown.rows for button in row) is public


# --- time ------------------------------------------------------------------------------------------------------------


def test_time_is_said_as_people_say_it() -> None:
    """Never raw seconds above 60."""
    assert [took(KOREAN, s) for s in (0.0, 1.23, 9.96, 59.4, 61, 120, 7300)] == [
        "0.1초", "1.2초", "10초", "59초", "1분 1초", "2분", "2시간",
    ]  # fmt: skip
    assert [span(KOREAN, s) for s in (20, 1800, 7200, 200_000)] == ["1분", "30분", "2시간", "2일"]
    ages = [age(KOREAN, NOW - timedelta(seconds=s), NOW) for s in (5, 185, 7300, 90_000)]
    assert ages == ["방금", "3분", "2시간", "1일"]
