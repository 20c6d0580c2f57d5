"""The whole first chapter, played by two learners at once, one in Korean and one in English."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from bot.course import read_course
from bot.identity import Language
from bot.settings import CONTENT
from tests.chatclient import Seen
from tests.e2e.house import House, left_of
from tests.e2e.learner import Learner, latin_words
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.engine

COURSE = read_course(CONTENT)
PEOPLE = {Language.KOREAN: 1001, Language.ENGLISH: 1003}
WEB = "diamol/ch02-hello-diamol-web"
GREETING = "Hello from Chapter 2!"
PAGE = re.compile(r"http://\S+")
Act = Callable[[Learner, Visitor], Awaitable[None]]


async def test_the_whole_chapter_in_both_languages(dosirak: House) -> None:
    """Every step in order, each hands-on step to its own words of success; the bot is restarted in the middle."""
    async with dosirak.running():
        await both(dosirak, hello, hello_again, what_a_container_is, a_remote_computer, the_list, what_stays, a_website)
    async with dosirak.running():
        await both(dosirak, after_the_restart, the_card, how_publishing_works, cleaning_up, the_exercise, the_end)
        assert await left_of(dosirak) == []


async def both(dosirak: House, *acts: Act) -> None:
    """The acts one after the other, in both languages at the same time."""
    async with asyncio.TaskGroup() as group:
        for language in PEOPLE:
            group.create_task(play(dosirak, language, acts))


async def play(dosirak: House, language: Language, acts: tuple[Act, ...]) -> None:
    async with dosirak.member(PEOPLE[language]) as member:
        learner = Learner(member, language, COURSE)
        for act in acts:
            await act(learner, dosirak.visitor())
        if language is Language.KOREAN:
            speaks_korean(learner)


# --- the first run ----------------------------------------------------------------------------------------------------


async def hello(learner: Learner, visitor: Visitor) -> None:
    """Step 1: the first container, with its pull."""
    await learner.says("/start")
    await learner.sees("설치 없이", "nothing to install")
    await learner.presses("▶ 1장 시작", "▶ Start chapter 1")
    await learner.reads(1)
    await learner.presses("▶ 실행", "▶ Run")
    shown = await learner.gets(GREETING)
    assert "Pulling from diamol/ch02-hello-diamol" in shown.text
    await learner.has_done(1)


async def hello_again(learner: Learner, visitor: Visitor) -> None:
    """Steps 2 and 3: another container of the same image; then the three words, and a quiz."""
    await learner.goes_on_to(2)
    await learner.presses("▶ 실행", "▶ Run")
    second = await learner.gets(GREETING)
    assert "Pulling" not in second.text
    assert len({name_of(shown) for shown in learner.messages_with(GREETING)}) == 2
    await learner.has_done(2)
    await learner.goes_on_to(3)
    await learner.presses("❓ 퀴즈", "❓ Quiz")
    await learner.presses("빌드", "Build")
    await learner.sees("🤔 다시 생각해 보세요", "🤔 Think again")
    await learner.presses("실행", "Run", on=await learner.sees("❓"))
    await learner.sees("✅ 맞아요", "✅ Right")


async def what_a_container_is(learner: Learner, visitor: Visitor) -> None:
    """Step 4: read, with the picture of the box above it."""
    await learner.goes_on_to(4)
    await learner.has_picture()


async def a_remote_computer(learner: Learner, visitor: Visitor) -> None:
    """Step 5: a shell in a container, line by line, by buttons and by messages, until `exit`."""
    step = await learner.goes_on_to(5)
    await learner.presses("▶ 1")
    await learner.sees("⌨ 프로그램이 입력을 기다려요", "⌨ The program waits for input")
    await learner.presses("▶ 2", on=step)
    await learner.sees("/ # hostname\n")
    await learner.says("ls /")
    shown = await learner.sees("usr")
    assert re.search(r"/ # hostname\n[0-9a-f]{12}\n/ # ls /\n", shown.text)
    await learner.says("exit")
    await learner.gets("/ # exit")
    await learner.has_done(5)


async def the_list(learner: Learner, visitor: Visitor) -> None:
    """Step 6: all three containers have exited."""
    await learner.goes_on_to(6)
    await learner.says("docker container ls --all")
    shown = await learner.gets("Exited (0)")
    assert shown.text.count("Exited (0)") == 3
    await learner.has_done(6)


async def what_stays(learner: Learner, visitor: Visitor) -> None:
    """Step 7: logs, files, and a second start of a container that has ended."""
    await learner.goes_on_to(7)
    outputs = []
    for number, piece in enumerate((GREETING, GREETING, "memo.txt hello:/", GREETING), start=1):
        await learner.presses(f"▶ {number}")
        outputs.append(await learner.gets(piece))
    assert len({name_of(outputs[number]) for number in (0, 1, 3)}) == 1
    await learner.has_done(7)


async def a_website(learner: Learner, visitor: Visitor) -> None:
    """Step 8: a container in the background; its page's address comes by itself, and opens."""
    await learner.goes_on_to(8)
    await learner.has_picture()
    await learner.presses("▶ 1")
    notice = await learner.sees("🌐 웹 페이지가 열렸어요 · 8088 → ", "🌐 Web page open · 8088 → ")
    await visitor.sees(url_in(notice), GREETING)
    await learner.has_done(8)
    await learner.presses("▶ 2")
    await learner.gets("Server: Apache")


# --- after the restart ------------------------------------------------------------------------------------------------


async def after_the_restart(learner: Learner, visitor: Visitor) -> None:
    """Nothing of the learner's is lost: the page's address opens, old buttons work, and the bot knows the step."""
    await visitor.sees(url_in(learner.messages_with("🌐")[-1]), GREETING)
    await learner.presses("🔁 다시", "🔁 Again")
    await learner.gets("Server: Apache")
    await learner.says("/start")
    await learner.sees("다시 오셨네요", "Welcome back")
    await learner.presses("▶ 이어서 · 8단계", "▶ Go on · step 8")
    await learner.reads(8)


async def the_card(learner: Learner, visitor: Visitor) -> None:
    """/ps and /pages: a container's logs, its stop and start, its page closed and opened; removal asks first."""
    await learner.says("docker container rm $(docker container ls --all --quiet --filter status=exited)")
    await learner.gets("✓")
    await learner.says("/ps")
    card = await learner.sees("📦 내 컨테이너 1", "📦 My containers: 1")
    assert f"{WEB} · 8088→80\n" in f"{card.text}\n"
    url = url_in(learner.messages_with("🌐")[-1])
    await learner.presses("1 로그", "1 Logs")
    await learner.sees("GET / HTTP")
    await learner.presses("1 중지", "1 Stop")
    await learner.sees("중지했어요", "Stopped.")
    assert (await visitor.sees(url, "container")).status == 503
    await learner.presses("1 시작", "1 Start")
    await learner.sees("시작했어요", "Started.")
    await visitor.sees(url, GREETING)
    await learner.presses("1 열기", "1 Open")
    assert url_in(await learner.sees("🌐")) == url
    await learner.says("/pages")
    await learner.sees("🌐 열린 웹 페이지 1", "🌐 Open web pages: 1")
    await learner.presses("닫기", "Close")
    await learner.sees("🌐 열린 웹 페이지가 없어요", "🌐 No open web pages")
    assert (await visitor.sees(url, "page")).status == 404
    await learner.presses("1 열기", "1 Open")
    await visitor.sees(url_in(await learner.sees("🌐 웹 페이지가 열렸어요", "🌐 Web page open")), GREETING)
    await learner.presses("1 삭제", "1 Remove")
    await learner.sees("🗑 이 컨테이너를 삭제할까요?", "🗑 Remove this container?")
    await learner.presses("그대로 두기", "Keep")
    await learner.sees("📦 내 컨테이너 1", "📦 My containers: 1")


async def how_publishing_works(learner: Learner, visitor: Visitor) -> None:
    """Step 9: read, with the picture of the ports."""
    await learner.goes_on_to(9)
    await learner.has_picture()


async def cleaning_up(learner: Learner, visitor: Visitor) -> None:
    """Steps 10 and 11: all containers go, and the page with them; then engine, API and CLI."""
    url = url_in(learner.messages_with("🌐")[-1])
    await learner.goes_on_to(10)
    await learner.presses("▶ 1")
    await learner.sees("🌐 웹 페이지가 닫혔어요", "🌐 Web page closed")
    assert (await visitor.sees(url, "page")).status == 404
    await learner.has_done(10)
    await learner.goes_on_to(11)
    await learner.has_picture()


async def the_exercise(learner: Learner, visitor: Visitor) -> None:
    """Step 12: the page changes because a file changes inside the running container."""
    step = await learner.goes_on_to(12)
    await learner.presses("▶ 1")
    url = url_in(await learner.sees("🌐 웹 페이지가 열렸어요", "🌐 Web page open"))
    await visitor.sees(url, GREETING)
    await learner.presses("✔ 확인", "✔ Check", on=step)
    await learner.sees(
        "🤔 컨테이너의 index.html이 처음 그대로예요", "🤔 The container's index.html is still the original"
    )
    await learner.presses("▶ 2", on=step)
    await learner.sees("⌨ 프로그램이 입력을 기다려요", "⌨ The program waits for input")
    await learner.presses("▶ 3", on=step)
    await learner.presses("▶ 4", on=step)
    await visitor.sees(url, "<h1>Hello, Dosirak</h1>")
    await learner.presses("⏏ exit")
    await learner.has_done(12)


async def the_end(learner: Learner, visitor: Visitor) -> None:
    """Step 13, the end of the chapter, and a lab that is emptied on request."""
    await learner.goes_on_to(13)
    await learner.presses("▶ 실행", "▶ Run")
    await learner.has_done(13)
    await learner.presses("마치기 ▶", "Finish ▶")
    await learner.sees("🎉 1장을 모두 마쳤어요", "🎉 Chapter 1 is done")
    await learner.says("/reset")
    await learner.sees("🧹 실습 환경을 처음으로 되돌릴까요?", "🧹 Start over with an empty lab?")
    await learner.presses("🧹 되돌리기", "🧹 Start over")
    await learner.sees("✨ 정리했어요", "✨ Tidied")


def speaks_korean(learner: Learner) -> None:
    """What the bot says itself is Korean: Latin letters are names, commands and their output."""
    said = learner.messages_with("") + learner.messages_with("", "photo")
    foreign = {word: str(message) for message in said for word in latin_words(message) - PRODUCT_WORDS}
    assert not foreign, "\n".join(f"{word!r} in {message}" for word, message in foreign.items())


# --- what is looked for in messages -----------------------------------------------------------------------------------


def name_of(greeting: Seen) -> str:
    """The host name that a hello container tells."""
    found = re.search(r"My name is:\n([0-9a-f]{12})\n", greeting.text)
    assert found, greeting.text
    return found[1]


def url_in(notice: Seen) -> str:
    found = PAGE.search(notice.text)
    assert found, notice.text
    return found[0]


NAMES = {"Docker", "Dosirak", "Linux", "API", "CLI", "REST", "HTTP", "IP", "ID", "CPU", "OS", "HTML"}
TYPED = {"docker", "container", "ps", "logs", "start", "cp", "rm", "exit", "vi", "index", "localhost", "publish"}
PRINTED = {"Ctrl-C", "html", "Exited", "pull", "hello", "base"}
PRODUCT_WORDS = NAMES | TYPED | PRINTED
"""Latin words in Korean sentences: each is what a Korean developer writes in Latin letters too."""
