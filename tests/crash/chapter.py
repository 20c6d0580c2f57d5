"""The chapter's hands-on steps as acts that a learner repeats when something breaks them off."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.course import read_course
from bot.identity import Language
from bot.settings import CONTENT
from tests.chatclient import Member, Seen

PATIENCE = 40.0
"""Seconds for anything: after a power loss the engine reads everything from the disk, and two cores are shared."""
AGAIN, STOP = "🔁", "⏹"
PAGE_OPEN = "🌐 웹 페이지가 열렸어요"
GREETING = "Hello from Chapter 2!"
HELLO = "docker container run diamol/ch02-hello-diamol"
INSIDE = "docker container run --interactive --tty diamol/base"
LIST = "docker container ls --all"
WEB = "docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web"
SAVED = "docker container cp /root/.bash_history $(docker container ls --all --quiet --latest):/"
CLEAN = "docker container rm --force $(docker container ls --all --quiet)"


def runs(seen: Seen) -> bool:
    """Whether this is the message of a command that can still be stopped."""
    return seen.from_bot and seen.button(STOP) is not None


def ended(seen: Seen, command: str, piece: str = "") -> bool:
    """Whether this is the final frame of that command, with `piece` in it."""
    shows = seen.from_bot and seen.text.startswith(f"$ {command}\n") and piece in seen.text
    return shows and seen.button(AGAIN) is not None


async def command(learner: Member, text: str, piece: str) -> None:
    """One command to its final frame."""
    await learner.says(text)
    await learner.sees_where(lambda seen: ended(seen, text, piece), f"the end of {text!r}", timeout=PATIENCE)


async def hello(learner: Member) -> None:
    await command(learner, HELLO, GREETING)


async def inside(learner: Member) -> None:
    """A shell in a container, used and left."""
    await learner.says(INSIDE)
    await learner.sees("/ # ", timeout=PATIENCE)
    await learner.says("hostname")
    await learner.sees_where(lambda seen: re.search(r"\n[0-9a-f]{12}\n", seen.text), "its name", timeout=PATIENCE)
    await learner.says("exit")
    await learner.sees_where(lambda seen: ended(seen, INSIDE, "exit"), "the way out", timeout=PATIENCE)


async def listing(learner: Member) -> None:
    await command(learner, LIST, "diamol/")


async def kept(learner: Member) -> None:
    """A file into a container that has ended."""
    await command(learner, SAVED, "✓")


async def website(learner: Member) -> None:
    """A container in the background, and its page's address. One that an earlier attempt has left keeps the port."""
    await command(learner, CLEAN, "")
    await command(learner, WEB, "✓")
    await learner.sees(PAGE_OPEN, timeout=PATIENCE)


async def cleaning(learner: Member) -> None:
    await command(learner, CLEAN, "")


@dataclass(frozen=True, slots=True)
class Act:
    """A step's id, what is done there, and what its last command shows when it has worked."""

    step: str
    play: Callable[[Member], Awaitable[None]]
    last: str
    piece: str
    done: bool = True
    """Whether the step is done by this."""
    page: bool = False
    """Whether a page is open after it."""

    @property
    def number(self) -> int:
        """In the chapter, from 1."""
        return CHAPTER.index(self.step) + 1

    @property
    def praise(self) -> str:
        """What the bot says by itself when the step is done."""
        return f"✅ {CHAPTER.step(self.step).texts[Language.KOREAN].done}"


CHAPTER = read_course(CONTENT).chapters[0]
ACTS = (
    Act("hello", hello, HELLO, GREETING),
    Act("hello-again", hello, HELLO, GREETING),
    Act("remote-computer", inside, INSIDE, "/ # exit"),
    Act("list", listing, LIST, "Exited"),
    Act("what-is-kept", kept, SAVED, "✓", done=False),
    Act("web", website, WEB, "✓", page=True),
    Act("how-publishing-works", listing, LIST, "Up", done=False, page=True),
    Act("clean-up", cleaning, CLEAN, "✓"),
)
