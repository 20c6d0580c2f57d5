"""A person talking is told from a command, and led to the step that explains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity import Language
from bot.learning.places import places_of
from bot.learning.sentences import is_sentence, step_about
from tests.learning.playbook import BOXES, CLEAN, HELLO, INTRO, small_course


@pytest.mark.parametrize(
    "said",
    [
        "컨테이너가 뭐예요?",
        "안녕하세요",
        "ㅎㅎ",
        "docker가 뭐야",
        "docker 설명해줘",
        "docker 컨테이너가 뭐예요?",
        "what is a container?",
        "How do I stop it?",
        "is it running?",
        "hello",
        "Thanks!",
        "what's a container?",
        "I don't understand this",
        "Docker 어떻게 써요",
        "컨테이너가 뭐예요?\n이미지는요?",
    ],
)
def test_talk_is_a_sentence(said: str) -> None:
    """Hangul in command position, or an English question."""
    assert is_sentence(said)


@pytest.mark.parametrize(
    "command",
    [
        "docker container ls --all",
        "echo 안녕하세요",
        "echo '무엇?' > index.html",
        "이름=3",
        "./실행.sh",
        "cat 한글.txt",
        "which docker",
        "who",
        "help",
        "ls ?",
        "where?",
        "git commit -m '수정'",
        "",
        "echo 하나\necho 둘",
        "docker container run diamol/base echo 안녕",
    ],
)
def test_commands_are_not_sentences(command: str) -> None:
    """Whatever a shell could mean is run."""
    assert not is_sentence(command)


@pytest.mark.parametrize(
    ("language", "question", "place"),
    [
        (Language.KOREAN, "컨테이너가 뭐예요?", BOXES),
        (Language.KOREAN, "첫 컨테이너를 어떻게 실행하나요", HELLO),
        (Language.KOREAN, "레지스트리가 뭐예요", CLEAN),
        (Language.ENGLISH, "what is a container?", BOXES),
        (Language.ENGLISH, "how do I remove everything?", CLEAN),
        (Language.KOREAN, "오늘 날씨", None),
    ],
)
def test_a_question_finds_its_step(language: Language, question: str, place: object) -> None:
    """Titles count more than texts; particles do not disturb."""
    assert step_about(small_course(), "ch02", language, question) == place


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    """No message makes the judgement fail, and what it finds is a step of the chapter."""
    is_sentence(text)
    found = step_about(small_course(), "ch02", Language.KOREAN, text)
    assert found is None or found in places_of(small_course().chapters[0])
    assert INTRO in places_of(small_course().chapters[0])
