"""The engine is away, hangs, or has no registry: a word in the learner's language, nothing lost, and on by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from deploy.host.temporary import EngineHost
from tests.chatclient import Member, Seen
from tests.e2e.house import House, house
from tests.faults.engine import FragileEngine
from tests.faults.process import running

pytestmark = pytest.mark.engine

KOREAN, ENGLISH = 1001, 1003
HELLO = "diamol/ch02-hello-diamol"
WEB = "docker run --detach --name web --publish 8088:80 diamol/ch02-hello-diamol-web"
AWAY = {
    KOREAN: "🔌 도커 엔진이 응답하지 않아요. 진도와 파일은 그대로예요.",
    ENGLISH: "🔌 The Docker engine does not answer.",
}
GONE = {KOREAN: "🔌 도커 엔진이 잠시 멈췄어요. 진도와 파일은 그대로예요.", ENGLISH: "🔌 The Docker engine has stopped"}
BACK = {KOREAN: "🔌 도커 엔진이 돌아왔어요.", ENGLISH: "🔌 The Docker engine is back."}
NOT_CHECKED = {KOREAN: "⚠️ 지금은 확인할 수 없어요. 진도는 그대로예요.", ENGLISH: "⚠️ The check can't run right now."}
TOLD = "the engine does not answer:"
PATIENCE = 30.0
"""Seconds for anything: the machine may be busy, and a hanging engine is said after the longest wait for one answer."""


@pytest.fixture
def engine(lone_engine: EngineHost) -> FragileEngine:
    return FragileEngine(lone_engine)


@pytest.fixture
async def home(lone_engine: EngineHost, engine: FragileEngine) -> AsyncIterator[House]:
    async with house(lone_engine) as place:
        yield place
        await engine.come_back()


async def ended(learner: Member, piece: str) -> Seen:
    """A command has ended, and `piece` is in its message."""
    return await learner.sees_where(
        lambda seen: piece in seen.text and (seen.button("다시") or seen.button("Again")),
        f"the end with {piece!r}",
        timeout=PATIENCE,
    )


async def test_an_engine_that_goes_and_comes(home: House, engine: FragileEngine) -> None:
    """Gone while terminals are idle: list, command and check say so, in both languages; after its return all work."""
    async with running(home.settings) as bot, home.member(KOREAN) as korean, home.member(ENGLISH) as english:
        pages = await asyncio.gather(a_website(korean), a_website(english))
        engine.die()
        await asyncio.gather(everything_says_so(korean, KOREAN), everything_says_so(english, ENGLISH))
        await engine.come_back()
        await asyncio.gather(all_works(korean, KOREAN), all_works(english, ENGLISH))
        for page in pages:
            assert (await home.visitor().opens(page)).status == 200
        assert await bot.stopped() == 0
    assert len(bot.lines_with(TOLD)) == 1


async def a_website(learner: Member) -> str:
    """A step, and a container with a page; its address."""
    await learner.says("/start ch02-hello")
    await learner.says(WEB)
    return re.findall(r"http://\S+", (await learner.sees("http://", timeout=PATIENCE)).text)[0]


async def everything_says_so(learner: Member, who: int) -> None:
    """The bot by itself, the container list, a command and a check, while the engine is away."""
    await learner.sees(GONE[who], timeout=PATIENCE)
    await learner.says("/ps")
    await learner.sees(AWAY[who], timeout=PATIENCE)
    await command_and_check_say_so(learner, who)


async def command_and_check_say_so(learner: Member, who: int) -> None:
    await learner.says("docker container ls")
    await ended(learner, AWAY[who])
    await learner.presses("✔")
    await learner.sees(NOT_CHECKED[who], timeout=PATIENCE)


async def all_works(learner: Member, who: int) -> None:
    """The bot says by itself that the engine is back, and the container has run on."""
    await learner.sees(BACK[who], timeout=PATIENCE)
    await learner.says("docker container ls --format '{{.Names}} {{.Status}}'")
    await ended(learner, "\nweb Up ")


async def test_an_engine_that_goes_in_the_middle_of_a_command(home: House, engine: FragileEngine) -> None:
    """Gone while a program runs: the learner is told, the program goes on, and its end reaches the chat."""
    async with running(home.settings) as bot, home.member(KOREAN) as learner:
        await learner.says("echo begun; read word; docker container run --rm diamol/base echo $word again")
        await learner.sees("\nbegun\n", timeout=PATIENCE)
        engine.die()
        await learner.sees(GONE[KOREAN], timeout=PATIENCE)
        await engine.come_back()
        await learner.sees(BACK[KOREAN], timeout=PATIENCE)
        await learner.says("word")
        await ended(learner, "\nword again\n")
        assert await bot.stopped() == 0


async def test_no_engine_at_the_start(home: House, engine: FragileEngine) -> None:
    """The bot starts all the same, teaches, says what is missing, and works once the engine is there."""
    engine.die()
    async with running(home.settings) as bot, home.member(KOREAN) as learner:
        await learner.says("/start ch02-hello")
        await command_and_check_say_so(learner, KOREAN)
        await engine.come_back()
        await bot.logs("the engine answers again")
        await learner.presses("▶ 실행")
        await ended(learner, "Hello from Chapter 2!")
        assert await bot.stopped() == 0
    assert len(bot.lines_with(TOLD)) == 1


async def test_an_engine_that_hangs(home: House, engine: FragileEngine) -> None:
    """Case J196: it accepts connections and says nothing; whoever waits gets a word, and then what was typed runs."""
    async with running(home.settings) as bot, home.member(KOREAN) as learner, home.member(ENGLISH) as other:
        for member in (learner, other):
            await member.says("echo ready")
            await ended(member, "\nready\n")
        async with engine.hanging():
            await learner.says("/ps")
            await other.says("docker container ls --all --quiet; echo all listed")
            await asyncio.gather(
                learner.sees(AWAY[KOREAN], timeout=PATIENCE), other.sees(GONE[ENGLISH], timeout=PATIENCE)
            )
        await other.sees(BACK[ENGLISH], timeout=PATIENCE)
        await ended(other, "\nall listed\n")
        assert await bot.stopped() == 0


async def test_a_registry_that_is_gone(home: House, engine: FragileEngine) -> None:
    """A pull fails in Docker's own words with a hint; an image that the engine has runs."""
    async with running(home.settings) as bot, home.member(KOREAN) as learner:
        await learner.says("docker image pull diamol/base")
        await ended(learner, "Downloaded newer image")
        engine.forget_image(HELLO)
        with engine.without_registry():
            await learner.says("docker container run " + HELLO)
            failed = await ended(learner, "docker: Error response from daemon:")
            assert "no registry answers right now" in failed.text
            assert "도커가 이 명령을 거절했어요. 이유는 바로 위에 있어요." in failed.text
            await learner.says("docker container run --rm diamol/base echo it runs")
            await ended(learner, "\nit runs\n")
        await learner.says("docker container run " + HELLO)
        await ended(learner, "Hello from Chapter 2!")
        assert await bot.stopped() == 0
