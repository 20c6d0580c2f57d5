"""A dialogue as a script: what happens, then what must be done about it; a forgotten expectation fails."""

from __future__ import annotations

from pathlib import Path

from bot.course.model import Chapter, Course, Quiz, RunBlock, Scene, Step, StepText
from bot.identity import Language
from bot.learning.dialogue import advance
from bot.learning.effects import Effect
from bot.learning.events import Event
from bot.learning.progress import Place, Progress
from bot.richtext import RichText

INTRO = Place("ch02", "intro")
HELLO = Place("ch02", "hello")
BOXES = Place("ch02", "boxes")
CLEAN = Place("ch02", "clean-up")
IMAGES = Place("ch03", "images")
TWO = ("curl localhost", "echo onward")


def text(title: str, body: str = "", *commands: str, hints: tuple[str, ...] = (), quiz: Quiz | None = None) -> StepText:
    blocks = tuple(RunBlock(command) for command in commands)
    return StepText(title=title, body=RichText(body), blocks=blocks, hints=hints, done="해냈어요.", quiz=quiz)


def step(name: str, korean: StepText, english: StepText, *, checked: bool = False) -> Step:
    texts = {Language.KOREAN: korean, Language.ENGLISH: english}
    return Step(name, Path(name), texts, verify="true" if checked else None, solve="true" if checked else None)


def scene(said: str, command: str | None) -> Scene:
    return Scene({Language.KOREAN: said, Language.ENGLISH: said}, command, 1)


def small_course() -> Course:
    """Two chapters: reading, running with hints, a quiz, cleaning up; then a chapter of one step."""
    quiz = Quiz("컨테이너가 함께 쓰는 것은?", ("운영체제", "호스트명"), 0, "운영체제는 호스트의 것을 함께 써요.")
    run = "docker container run --interactive --tty diamol/base"
    chapter = Chapter(
        "ch02",
        1,
        {Language.KOREAN: "도커의 기본 사용법", Language.ENGLISH: "First steps"},
        ("diamol/ch02-hello-diamol:latest",),
        (
            step("intro", text("도커를 시작해요", "빌드, 공유, 실행"), text("Starting out", "build, share, run")),
            step(
                "hello",
                text("첫 컨테이너 실행하기", "실행해 봐요", run, "hostname", hints=("하나", "둘")),
                text("Run your first container", "try it", run, "hostname", hints=("one", "two")),
                checked=True,
            ),
            step("boxes", text("컨테이너란?", "상자", quiz=quiz), text("What is a container?", "a box", quiz=quiz)),
            step(
                "clean-up",
                text("모두 삭제하기", "레지스트리는 그대로예요", "docker container ls"),
                text("Remove everything", "the registry stays", "docker container ls"),
                checked=True,
            ),
        ),
        (scene("하나", None), scene("둘", "echo two"), scene("정리", "echo cleaned")),
    )
    more = Chapter(
        "ch03",
        2,
        {Language.KOREAN: "이미지 만들기", Language.ENGLISH: "Building images"},
        (),
        (step("images", text("이미지", "", *TWO), text("Images", "", *TWO)),),
    )
    return Course((chapter, more))


class Playbook:
    """`on(event)` then `does(effects…)`, as often as the story needs; `progress` is where it stands."""

    def __init__(self, progress: Progress | None = None, course: Course | None = None) -> None:
        self.course = course or small_course()
        self.progress = progress or Progress()
        self._unseen: tuple[Effect, ...] | None = None

    def on(self, event: Event) -> Playbook:
        assert not self._unseen, f"nobody asked for {self._unseen}"
        self.progress, self._unseen = advance(self.course, self.progress, event)
        return self

    def does(self, *expected: Effect) -> Playbook:
        assert self._unseen == expected
        self._unseen = None
        return self

    def at(self, place: Place | None) -> Playbook:
        assert self.progress.place == place
        return self
