"""A study group's table: who has done what in a chapter."""

from __future__ import annotations

from dataclasses import replace

from bot.course.model import Course, Quiz
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.progress import Place, Progress
from bot.learning.study import Deed, study
from tests.learning.playbook import BOXES, CLEAN, HELLO, INTRO, Playbook, small_course, step, text

CHAPTER = small_course().chapter("ch02")


def deed(user_id: int, place: Place, name: str = "하늘") -> Deed:
    return Deed(user_id, name, place)


def test_only_what_each_can_do_is_counted() -> None:
    """A step that is only read has no column, and what was done elsewhere none either."""
    found = study(CHAPTER, [deed(1, INTRO), deed(1, HELLO), deed(2, Place("ch03", "images"))], ())
    assert [step.id for step in found.steps] == ["hello", "boxes", "clean-up"]
    assert [(member.user_id, member.done) for member in found.members] == [(1, {HELLO})]


def test_people_stand_in_the_order_in_which_they_began() -> None:
    """It is no ranking; and each has the name that they have now."""
    deeds = [deed(2, HELLO, "민준"), deed(1, HELLO), deed(1, BOXES), deed(2, CLEAN, "민준 2")]
    assert [(one.name, len(one.done)) for one in study(CHAPTER, deeds, ()).members] == [("민준 2", 2), ("하늘", 2)]


def test_who_does_not_want_to_be_listed_is_only_counted() -> None:
    """No name, no row."""
    found = study(CHAPTER, [deed(1, HELLO), deed(2, HELLO)], {2})
    assert [member.user_id for member in found.members] == [1] and found.unlisted == 1


def in_a_group(place: Place, *done: Place) -> Playbook:
    return Playbook(Progress(place=place, done=frozenset(done), shared=True))


def test_a_step_that_the_group_has_done_still_counts_for_a_member() -> None:
    """By its Run button, its Check, its quiz; quietly, since the group has been told before."""
    talk = in_a_group(HELLO, HELLO).on(on.CommandEnded(HELLO)).does(do.Verify(HELLO, asked=False))
    talk.on(on.CheckEnded(HELLO, True)).does(do.MarkDone(HELLO, first=False))
    again = do.MarkDone(BOXES, first=False)
    in_a_group(BOXES, BOXES).on(on.QuizAnswered(BOXES, 0)).does(again, do.SayQuiz(BOXES, 0, right=True))


def test_a_right_answer_counts_where_the_group_has_done_the_exercise() -> None:
    """Before that it does not stand for the exercise, and alone it never does."""
    asked = text("?", quiz=Quiz("?", ("a", "b"), 0, "!"))
    course = Course((replace(CHAPTER, steps=(step(HELLO.step, asked, asked, checked=True),)),))
    said = do.SayQuiz(HELLO, 0, right=True)
    for shared, done, effects in (
        (True, {HELLO}, (do.MarkDone(HELLO, first=False), said)),
        (True, set(), (said,)),
        (False, {HELLO}, (said,)),
        (False, set(), (said,)),
    ):
        progress = Progress(place=HELLO, done=frozenset(done), shared=shared)
        Playbook(progress, course).on(on.QuizAnswered(HELLO, 0)).does(*effects)


def test_another_command_proves_nothing_about_who_typed_it() -> None:
    """The lab is shared: the step's state is there already, so anything typed would count."""
    in_a_group(HELLO, HELLO).on(on.CommandEnded(None)).does()


def test_alone_a_done_step_is_not_checked_again() -> None:
    """In a private chat there is nobody else to count it for."""
    Playbook(Progress(place=HELLO, done=frozenset({HELLO}))).on(on.CommandEnded(HELLO)).does()
