"""Rules for checks, hints and quizzes: how a step becomes done."""

from __future__ import annotations

from bot.course.model import Course
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.effects import Effect, Note
from bot.learning.outcome import Outcome, completed, read, say
from bot.learning.places import neighbour, step_at
from bot.learning.progress import Progress


def command_ended(course: Course, progress: Progress, event: on.CommandEnded) -> Outcome:
    """After every command the step is checked by itself, until it is done once.

    In a group, the step's own Run button counts for each member who presses it; another's command does not.
    """
    place = event.origin or progress.place
    step = step_at(course, place)
    if place is None or step is None or step.verify is None:
        return progress, ()
    if place in progress.done and not (progress.shared and event.origin):
        return progress, ()
    return progress, (do.Verify(place, asked=False),)


def check_pressed(course: Course, progress: Progress, event: on.CheckPressed) -> Outcome:
    step = step_at(course, event.place)
    if step is None:
        return say(progress, Note.GONE)
    return say(progress, Note.NOTHING_TO_CHECK) if step.verify is None else (progress, (do.Verify(event.place, True),))


def check_ended(course: Course, progress: Progress, event: on.CheckEnded) -> Outcome:
    step = step_at(course, event.place)
    if step is None:
        return progress, ()
    if not event.passed:
        hint = 0 if step.texts[progress.language].hints else None
        return progress, (do.SayNotYet(event.place, event.reason, hint),) if event.asked else ()
    known = event.place in progress.done
    progress, noted = completed(progress, event.place)
    if known and not event.asked:
        return progress, noted
    return progress, (*noted, do.SayDone(event.place, neighbour(course, event.place, +1)))


def hint_pressed(course: Course, progress: Progress, event: on.HintPressed) -> Outcome:
    step = step_at(course, event.place)
    hints = step.texts[progress.language].hints if step else ()
    if not 0 <= event.index < len(hints):
        return say(progress, Note.GONE)
    following = event.index + 1 if event.index + 1 < len(hints) else None
    return progress, (do.ShowHint(event.place, event.index, following),)


def quiz_asked(course: Course, progress: Progress, event: on.QuizAsked) -> Outcome:
    step = step_at(course, event.place)
    quiz = step.texts[progress.language].quiz if step else None
    return (progress, (do.ShowQuiz(event.place),)) if quiz else say(progress, Note.GONE)


def quiz_answered(course: Course, progress: Progress, event: on.QuizAnswered) -> Outcome:
    step = step_at(course, event.place)
    quiz = step.texts[progress.language].quiz if step else None
    if step is None or quiz is None or not 0 <= event.option < len(quiz.options):
        return say(progress, Note.GONE)
    right = event.option == quiz.answer
    noted: tuple[Effect, ...] = ()
    if right and progress.shared and event.place in progress.done:
        # The exercise itself was done here, by somebody: whoever knows the answer has followed it.
        progress, noted = completed(progress, event.place)
    elif right:
        progress, noted = read(course, progress, event.place)
    return progress, (*noted, do.SayQuiz(event.place, event.option, right))
