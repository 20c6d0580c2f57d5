"""/demo: a chapter's tour plays by itself, in any chat, until it ends or somebody stops it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.chat.cause import Cause
from bot.chat.conversation import Conversation
from bot.chat.job import Job
from bot.chat.lining_up import line_up
from bot.chat.message import Outgoing, button, rows
from bot.chat.performer import Performer
from bot.chat.playing import Playing
from bot.chat.refusals import FULL
from bot.course import Chapter, Course, Scene
from bot.errors import DosirakError, Undelivered
from bot.learning.places import chapter_of
from bot.richtext import RichText
from bot.store import Kind, Wish

log = logging.getLogger(__name__)

SCENE_SECONDS = 40.0
"""A scene's command that takes longer (a slow first pull) is interrupted, so that the tour goes on."""
LINK = "demo"
"""What a deep link carries: `demo`, or `demo-<chapter>`."""


class Tours:
    """One tour at a time in each conversation."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    async def start(self, talk: Conversation, cause: Cause, chapter_id: str = "") -> None:
        """Begin; the tour goes on in the background."""
        chapter = toured(talk, chapter_id)
        if chapter is None:
            return await talk.say("demo.none")
        if talk.tour is not None:
            return await talk.say("demo.plays")
        if talk.session.busy and not talk.shared:  # In a group, what runs is another's, and the tour comes after it.
            return await talk.say(talk.session.busy_note)
        talk.tour = Playing(cause.person)
        talk.later(self._play(talk, cause, chapter, talk.tour))

    async def stop(self, talk: Conversation, cause: Cause) -> None:
        """The stop button: what runs is interrupted, and the last scene cleans up."""
        if talk.tour is None:
            return await talk.answer(cause, talk.words("demo.over"))
        again = talk.tour.stopped.is_set()
        talk.tour.stopped.set()
        await talk.answer(cause, talk.words("demo.stopping"))
        if not again:  # What runs now may be the last scene.
            await _interrupt(talk, talk.session.job)

    async def _play(self, talk: Conversation, cause: Cause, chapter: Chapter, playing: Playing) -> None:
        try:
            async with talk.kit.notebook.kept(talk.scope, Kind.DEMO, cause.person) as note:
                cleared = talk.kit.tasks.start(_clear_away(talk, cause, chapter), name="clearing away for a demo")
                tour = _Tour(talk, cause, chapter, playing, note, cleared)
                failure = await self._scenes(tour)
                await tour.take_button()
            if playing.dropped:
                return
            if failure == FULL:
                await line_up(talk, cause, Wish.DEMO, chapter.id)
            elif failure is None:
                onward = button(talk.words("demo.learn"), "steps", chapter.id)
                again = button(talk.words("demo.again"), "demo", "again", chapter.id)
                await talk.post(Outgoing(RichText(talk.words("demo.end")), rows((onward, again))))
        finally:
            talk.tour = None

    async def _scenes(self, tour: _Tour) -> str | None:
        """One after the other; without a lab, why there is none, which its terminal has said."""
        for scene in tour.chapter.tour:
            if not tour.unwanted(scene) and (failure := await self._scene(tour, scene)):
                return failure
        return None

    async def _scene(self, tour: _Tour, scene: Scene) -> str | None:
        try:
            await tour.say(scene)
        except Undelivered as error:  # The show goes on: it may have arrived, and what was made must be cleaned up.
            log.info("a scene's words: %s", error)
        if scene.command is not None and (failure := await self._command(tour, scene, scene.command)):
            return failure
        with suppress(TimeoutError):
            async with asyncio.timeout(scene.pause):
                await tour.playing.stopped.wait()
        return None

    async def _command(self, tour: _Tour, scene: Scene, command: str) -> str | None:
        """Returns at its end; without a lab, why there is none."""
        await tour.cleared
        # It may wait long for a member's command, and the tour be stopped meanwhile.
        job = await self._performer.play(tour.talk, tour.cause, command, lambda: tour.unwanted(scene))
        if job is None:
            return None
        try:
            async with asyncio.timeout(SCENE_SECONDS):
                await job.shown.wait()
        except TimeoutError:
            await _interrupt(tour.talk, job)
            await job.shown.wait()
        return job.failure if job.run is None and not job.cancelled else None


async def _clear_away(talk: Conversation, cause: Cause, chapter: Chapter) -> None:
    """Do first what the last scene does: a demo that was cut off has left what has this one's names."""
    command = chapter.tour[-1].command
    try:
        lab = await talk.kit.keeper.existing(talk.scope, cause.person.id)
        if lab is not None and command is not None:
            await lab.run_script(command)
    except DosirakError as error:
        log.info("what another demo may have left is not cleared away: %s", error)


async def _interrupt(talk: Conversation, job: Job | None) -> None:
    """Ctrl-C for a scene's command; what a member of the group runs before or after it goes on."""
    if job is not None and job.tour and talk.session.job is job:
        with suppress(DosirakError):  # The lab goes away, and the command with it.
            await talk.session.interrupt()


@dataclass(slots=True)
class _Tour:
    """A tour that plays; `note` is the store's of it; `cleared` ends when nothing is left of another."""

    talk: Conversation
    cause: Cause
    chapter: Chapter
    playing: Playing
    note: int | None
    cleared: asyncio.Task[Any]

    def unwanted(self, scene: Scene) -> bool:
        """Whether it must not begin any more; a tour that was stopped still cleans up."""
        return self.playing.dropped or (self.playing.stopped.is_set() and scene is not self.chapter.tour[-1])

    async def say(self, scene: Scene) -> None:
        """The scene's words. The button goes along with them; in a group it stays where it is, since Telegram lets a
        bot change few messages a minute there, and a tour has many."""
        text = RichText(scene.texts[self.talk.progress.language])
        if self.talk.shared and self.playing.button is not None and not self.playing.stopped.is_set():
            return await self.talk.post(Outgoing(text))
        await self.take_button()
        if self.unwanted(scene):
            return
        if self.playing.stopped.is_set():  # What runs now cleans up, and is better not stopped.
            return await self.talk.post(Outgoing(text))
        stop = button(self.talk.words("demo.stop"), "demo", "stop")
        self.playing.button = await self.talk.send(Outgoing(text, rows((stop,))))
        await self.talk.kit.notebook.posted(self.note, self.playing.button)

    async def take_button(self) -> None:
        """There is nothing to stop any more, or another message has it."""
        if self.playing.button is not None:
            await self.talk.kit.sender.set_rows(self.talk.scope, self.playing.button)
            self.playing.button = None


def toured(talk: Conversation, chapter_id: str) -> Chapter | None:
    """The named chapter, or the one that the conversation is in, or the first that has a tour."""
    course: Course = talk.kit.course
    place = talk.progress.place
    named = chapter_of(course, chapter_id or (place.chapter if place else ""))
    if named is not None and named.tour:
        return named
    return next((chapter for chapter in course.chapters if chapter.tour), None)


def run_line(course: Course, rest: str) -> str | None:
    """`/run [options] <image> [arguments]` as a command; None when no image of the course is in it."""
    images = images_of(course)
    known = any(word in images or f"{word}:latest" in images for word in rest.split())
    return f"docker container run {rest}" if known else None


def images_of(course: Course) -> tuple[str, ...]:
    """Every image that learners may run."""
    return tuple(dict.fromkeys(image for chapter in course.chapters for image in chapter.images))
