"""The dialogue as one function: `advance(course, progress, event) -> (progress, effects)`.

Each event has one rule; the table is the whole of it. No rule waits, reads a clock or knows Telegram.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.course.model import Course
from bot.learning import checks, commands, navigation, resetting
from bot.learning import events as on
from bot.learning.outcome import Outcome
from bot.learning.progress import Progress


def advance(course: Course, progress: Progress, event: on.Event) -> Outcome:
    """What becomes of the progress when this happens, and what is to be done, in order."""
    return RULES[type(event)](course, progress, event)


RULES: dict[type[Any], Callable[[Course, Progress, Any], Outcome]] = {
    on.Started: navigation.started,
    on.LanguageAsked: navigation.language_asked,
    on.LanguageChosen: navigation.language_chosen,
    on.ChaptersAsked: navigation.chapters_asked,
    on.StepsAsked: navigation.steps_asked,
    on.StepChosen: navigation.step_chosen,
    on.NextPressed: navigation.next_pressed,
    on.BackPressed: navigation.back_pressed,
    on.RunPressed: commands.run,
    on.CheckPressed: checks.check_pressed,
    on.HintPressed: checks.hint_pressed,
    on.QuizAsked: checks.quiz_asked,
    on.QuizAnswered: checks.quiz_answered,
    on.TextTyped: commands.typed,
    on.TerminalAsked: commands.terminal_asked,
    on.CommandEnded: checks.command_ended,
    on.CheckEnded: checks.check_ended,
    on.ResetAsked: resetting.reset_asked,
    on.ResetConfirmed: resetting.reset_confirmed,
    on.ResetCancelled: resetting.reset_cancelled,
}
