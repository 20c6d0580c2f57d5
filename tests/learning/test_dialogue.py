"""The dialogue keeps its promises: every way through a chapter, and every tap that comes too late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.course.model import Course
from bot.identity import Language
from bot.learning import effects as do
from bot.learning import events as on
from bot.learning.dialogue import RULES
from bot.learning.effects import Note, Pointer
from bot.learning.progress import Place, Progress, Waiting
from tests.learning.playbook import BOXES, CLEAN, HELLO, IMAGES, INTRO, Playbook

RUN = "docker container run --interactive --tty diamol/base"
LOST = Place("ch02", "taken-out")


def at(place: Place, *done: Place) -> Playbook:
    return Playbook(Progress(place=place, done=frozenset(done)))


def test_every_event_has_a_rule() -> None:
    """An event without a rule would fall silent."""
    assert set(RULES) == set(on.Event.__args__)


# --- finding the way -------------------------------------------------------------------------------------------------


def test_a_newcomer_is_welcomed_to_the_first_step() -> None:
    """/start offers the beginning of the course and moves nobody."""
    Playbook().on(on.Started()).does(do.ShowWelcome(INTRO, resumed=False)).at(None)


def test_who_comes_back_is_offered_their_own_step() -> None:
    """/start in the middle resumes there."""
    at(BOXES).on(on.Started()).does(do.ShowWelcome(BOXES, resumed=True)).at(BOXES)


def test_who_stood_on_a_step_that_is_gone_starts_at_the_beginning() -> None:
    """A course that lost a step since does not lose its learner."""
    at(LOST).on(on.Started()).does(do.ShowWelcome(INTRO, resumed=False))
    at(LOST).on(on.NextPressed(INTRO)).does(do.MarkDone(INTRO), do.ShowStep(HELLO)).at(HELLO)


def test_a_deep_link_opens_its_step() -> None:
    """`ch02-<step>` opens the step, even one with a dash in its id; `ch02` opens the chapter."""
    Playbook().on(on.Started("ch02-hello")).does(do.ShowStep(HELLO)).at(HELLO)
    Playbook().on(on.Started("ch02-clean-up")).does(do.ShowStep(CLEAN)).at(CLEAN)
    Playbook().on(on.Started("ch03")).does(do.ShowStep(IMAGES)).at(IMAGES)


@pytest.mark.parametrize("payload", ["ch02-nothing", "ch99", "", "-", "ch02-hello-more", "x" * 64])
def test_a_deep_link_to_nowhere_is_a_welcome(payload: str) -> None:
    """Whatever a link carries, the answer is the first message."""
    Playbook().on(on.Started(payload)).does(do.ShowWelcome(INTRO, resumed=False))


def test_a_language_is_asked_for_and_kept() -> None:
    """After the choice the learner sees their step, or the welcome, in the new language."""
    talk = Playbook().on(on.LanguageAsked()).does(do.ShowLanguages())
    talk.on(on.LanguageChosen(Language.ENGLISH)).does(
        do.SwitchLanguage(Language.ENGLISH), do.ShowWelcome(INTRO, resumed=False)
    )
    assert talk.progress.language is Language.ENGLISH
    at(HELLO).on(on.LanguageChosen(Language.ENGLISH)).does(do.SwitchLanguage(Language.ENGLISH), do.ShowStep(HELLO))


def test_lists_show_chapters_and_the_steps_of_the_own_one() -> None:
    """Without a chapter of one's own the first is meant."""
    Playbook().on(on.ChaptersAsked()).does(do.ShowChapters())
    Playbook().on(on.StepsAsked()).does(do.ShowSteps("ch02"))
    at(IMAGES).on(on.StepsAsked()).does(do.ShowSteps("ch03"))
    at(IMAGES).on(on.StepsAsked("ch02")).does(do.ShowSteps("ch02")).at(IMAGES)


def test_an_empty_course_says_so() -> None:
    """No chapter, no list, but a word about it."""
    empty = Playbook(course=Course(()))
    empty.on(on.ChaptersAsked()).does(do.Say(Note.NO_CHAPTERS))
    empty.on(on.StepsAsked()).does(do.Say(Note.NO_CHAPTERS))
    empty.on(on.Started()).does(do.ShowWelcome(None, resumed=False))
    empty.on(on.TextTyped("이게 뭐예요?")).does(do.PointTo(Pointer.ONLY_COMMANDS, ()))


def test_next_and_back_walk_the_chapter() -> None:
    """Reading on marks a step without a task as done, a task only when it was done."""
    talk = at(INTRO).on(on.NextPressed(INTRO)).does(do.MarkDone(INTRO), do.ShowStep(HELLO)).at(HELLO)
    talk.on(on.NextPressed(HELLO)).does(do.ShowStep(BOXES)).at(BOXES)
    talk.on(on.BackPressed(BOXES)).does(do.ShowStep(HELLO)).at(HELLO)
    talk.on(on.BackPressed(HELLO)).does(do.ShowStep(INTRO)).at(INTRO)
    talk.on(on.BackPressed(INTRO)).does(do.Say(Note.FIRST_STEP)).at(INTRO)
    talk.on(on.NextPressed(INTRO)).does(do.ShowStep(HELLO))


def test_a_second_tap_does_not_skip_a_step() -> None:
    """Two people, or one hasty thumb: the second Next finds the learner there already."""
    talk = at(INTRO, INTRO).on(on.NextPressed(INTRO)).does(do.ShowStep(HELLO))
    talk.on(on.NextPressed(INTRO)).does(do.Say(Note.ALREADY_HERE)).at(HELLO)


def test_an_old_message_offers_both_ways() -> None:
    """A tap far up in the talk moves nobody by surprise."""
    at(CLEAN).on(on.NextPressed(INTRO)).does(do.PointTo(Pointer.OLD_BUTTON, (HELLO, CLEAN))).at(CLEAN)
    at(CLEAN).on(on.BackPressed(INTRO)).does(do.PointTo(Pointer.OLD_BUTTON, (CLEAN,))).at(CLEAN)
    at(HELLO).on(on.NextPressed(CLEAN)).does(do.PointTo(Pointer.OLD_BUTTON, (HELLO,))).at(HELLO)


def test_a_step_is_chosen_from_a_list() -> None:
    """Choosing moves there at once, over chapters too."""
    at(INTRO).on(on.StepChosen(IMAGES)).does(do.ShowStep(IMAGES)).at(IMAGES)


@pytest.mark.parametrize(
    "event",
    [
        on.StepChosen(LOST),
        on.NextPressed(LOST),
        on.BackPressed(LOST),
        on.RunPressed(LOST, 0),
        on.RunPressed(HELLO, 7),
        on.RunPressed(HELLO, -1),
        on.CheckPressed(LOST),
        on.HintPressed(LOST, 0),
        on.HintPressed(HELLO, 5),
        on.QuizAsked(HELLO),
        on.QuizAnswered(LOST, 0),
        on.QuizAnswered(BOXES, 9),
        on.StepsAsked("ch99"),
    ],
)
def test_a_button_of_something_gone_is_answered(event: on.Event) -> None:
    """Content changes while messages stay: a button into nothing says so and moves nobody."""
    at(INTRO).on(event).does(do.Say(Note.GONE)).at(INTRO)


def test_the_end_of_a_chapter_tells_what_was_skipped() -> None:
    """Behind the last step stands the next chapter, or the end of the course."""
    talk = at(CLEAN, INTRO, BOXES).on(on.NextPressed(CLEAN)).does(do.ShowChapterEnd("ch02", (HELLO, CLEAN), IMAGES))
    talk.at(CLEAN)
    at(IMAGES).on(on.NextPressed(IMAGES)).does(do.MarkDone(IMAGES), do.ShowChapterEnd("ch03", (), None))


# --- commands --------------------------------------------------------------------------------------------------------


def test_run_types_the_block() -> None:
    """The command belongs to the tapped step, wherever the learner is."""
    at(CLEAN).on(on.RunPressed(CLEAN, 0)).does(do.TypeLine("docker container ls", CLEAN))
    at(CLEAN).on(on.RunPressed(HELLO, 1)).does(do.TypeLine("hostname", HELLO)).at(CLEAN)


def test_run_offers_the_next_command_of_the_step() -> None:
    """The step's own buttons have scrolled away when its first command has printed; after the last nothing is left."""
    at(HELLO).on(on.RunPressed(HELLO, 0)).does(do.TypeLine(RUN, HELLO), do.OfferNext(HELLO, 1, inside=True))
    at(HELLO).on(on.RunPressed(HELLO, 1)).does(do.TypeLine("hostname", HELLO))


def test_run_never_types_docker_into_a_running_program() -> None:
    """A double tap is told to wait; a command for the inside of a container goes in."""
    at(HELLO).on(on.RunPressed(HELLO, 0, on.Hold.PROGRAM)).does(do.Say(Note.BUSY))
    for hold in (on.Hold.PROGRAM, on.Hold.SHELL):
        at(HELLO).on(on.RunPressed(HELLO, 1, hold)).does(do.SendInput("hostname"))


def test_run_in_a_container_left_open_says_how_to_leave() -> None:
    """Neither docker nor what another step has for the toolbox works in there, and Ctrl-C does not end a shell."""
    at(CLEAN).on(on.RunPressed(CLEAN, 0, on.Hold.SHELL)).does(do.Say(Note.INSIDE))
    at(HELLO).on(on.RunPressed(HELLO, 0, on.Hold.SHELL)).does(do.Say(Note.INSIDE))
    at(IMAGES).on(on.RunPressed(IMAGES, 0, on.Hold.SHELL)).does(do.Say(Note.INSIDE))


def test_run_presses_no_keys_in_an_editor() -> None:
    """There each character of a command would be a key, and spoil what is being written."""
    at(HELLO).on(on.RunPressed(HELLO, 1, on.Hold.SCREEN)).does(do.Say(Note.BUSY))


def test_what_a_group_cannot_run_now_waits_for_its_turn() -> None:
    """Somebody else's command runs: nothing is lost, and a question is still a question."""
    group = Progress(place=HELLO, shared=True)
    Playbook(group).on(on.RunPressed(HELLO, 0, on.Hold.PROGRAM)).does(do.QueueLine(RUN, HELLO))
    Playbook(group).on(on.RunPressed(HELLO, 1, on.Hold.SHELL)).does(do.SendInput("hostname"))
    at(HELLO).on(on.TextTyped(" docker ps ", busy=True, in_turn=True)).does(do.QueueLine("docker ps"))
    at(HELLO).on(on.TextTyped(" ", busy=True, in_turn=True)).does(do.Say(Note.EMPTY))


def test_a_run_button_waits_for_a_demos_command() -> None:
    """In a private chat too, and nothing is typed into it: no step has started it."""
    for block, command in ((0, RUN), (1, "hostname")):
        at(HELLO).on(on.RunPressed(HELLO, block, on.Hold.DEMO)).does(do.QueueLine(command, HELLO))


def test_what_is_typed_is_a_command() -> None:
    """It is run as it is, before any step too."""
    at(HELLO).on(on.TextTyped("  docker ps \n")).does(do.TypeLine("docker ps"))
    Playbook().on(on.TextTyped("ls")).does(do.TypeLine("ls"))


def test_what_is_typed_into_a_program_is_its_input() -> None:
    """Nothing is trimmed or judged while a program runs: an empty line or a sentence may be just what it wants."""
    at(HELLO).on(on.TextTyped(" 안녕하세요? ", busy=True)).does(do.SendInput(" 안녕하세요? "))
    at(HELLO).on(on.TextTyped("", busy=True)).does(do.SendInput(""))


def test_nothing_typed_is_nothing_run() -> None:
    """Blanks get a kind word."""
    Playbook().on(on.TextTyped(" \n ")).does(do.Say(Note.EMPTY))


def test_a_question_is_led_to_its_step() -> None:
    """Not "command not found", but the step that explains it; without one, the own step."""
    at(INTRO).on(on.TextTyped("컨테이너가 뭐예요?")).does(do.PointTo(Pointer.EXPLAINED_HERE, (BOXES,))).at(INTRO)
    at(HELLO).on(on.TextTyped("점심 뭐 먹지?")).does(do.PointTo(Pointer.ONLY_COMMANDS, (HELLO,)))
    Playbook().on(on.TextTyped("안녕하세요")).does(do.PointTo(Pointer.ONLY_COMMANDS, (INTRO,)))


def test_who_wants_the_terminal_is_told_how() -> None:
    """The second button of the welcome."""
    Playbook().on(on.TerminalAsked()).does(do.Say(Note.TERMINAL))


# --- checks ----------------------------------------------------------------------------------------------------------


def test_a_command_that_ends_checks_its_step() -> None:
    """A Run button's own step, else the step where the learner is; once done, no more."""
    at(CLEAN).on(on.CommandEnded(HELLO)).does(do.Verify(HELLO, asked=False))
    at(HELLO).on(on.CommandEnded()).does(do.Verify(HELLO, asked=False))
    at(HELLO, HELLO).on(on.CommandEnded(HELLO)).does()
    at(INTRO).on(on.CommandEnded()).does()
    Playbook().on(on.CommandEnded()).does()


def test_a_passed_check_is_said_and_kept_once() -> None:
    """By itself it speaks the first time only; asked for, each time."""
    talk = at(HELLO).on(on.CheckEnded(HELLO, True)).does(do.MarkDone(HELLO), do.SayDone(HELLO, BOXES))
    assert HELLO in talk.progress.done
    talk.on(on.CheckEnded(HELLO, True)).does()
    talk.on(on.CheckEnded(HELLO, True, asked=True)).does(do.SayDone(HELLO, BOXES))


def test_the_last_check_ends_the_chapter() -> None:
    """There is no next step to offer behind the last."""
    at(CLEAN).on(on.CheckEnded(CLEAN, True)).does(do.MarkDone(CLEAN), do.SayDone(CLEAN, None))


def test_a_failed_check_speaks_only_when_asked() -> None:
    """Between two commands of one step nobody is told that they failed."""
    talk = at(HELLO).on(on.CheckEnded(HELLO, False, "아직 없어요")).does()
    talk.on(on.CheckEnded(HELLO, False, "아직 없어요", asked=True)).does(do.SayNotYet(HELLO, "아직 없어요", hint=0))
    at(CLEAN).on(on.CheckEnded(CLEAN, False, asked=True)).does(do.SayNotYet(CLEAN, "", hint=None))


def test_a_check_of_a_step_that_is_gone_is_dropped() -> None:
    """The answer of a script may come late."""
    at(HELLO).on(on.CheckEnded(LOST, True)).does()


def test_check_is_pressed() -> None:
    """Where there is nothing to check, that is said."""
    at(HELLO).on(on.CheckPressed(HELLO)).does(do.Verify(HELLO, asked=True))
    at(INTRO).on(on.CheckPressed(INTRO)).does(do.Say(Note.NOTHING_TO_CHECK))


def test_hints_come_one_by_one() -> None:
    """Each knows whether another follows."""
    at(HELLO).on(on.HintPressed(HELLO, 0)).does(do.ShowHint(HELLO, 0, following=1))
    at(HELLO).on(on.HintPressed(HELLO, 1)).does(do.ShowHint(HELLO, 1, following=None))


def test_a_quiz_is_asked_and_answered() -> None:
    """The right answer completes a step that has nothing else to do; a wrong one may be tried again."""
    talk = at(BOXES).on(on.QuizAsked(BOXES)).does(do.ShowQuiz(BOXES))
    talk.on(on.QuizAnswered(BOXES, 1)).does(do.SayQuiz(BOXES, 1, right=False))
    talk.on(on.QuizAnswered(BOXES, 0)).does(do.MarkDone(BOXES), do.SayQuiz(BOXES, 0, right=True))
    talk.on(on.QuizAnswered(BOXES, 0)).does(do.SayQuiz(BOXES, 0, right=True))


# --- starting over ---------------------------------------------------------------------------------------------------


def test_reset_asks_first() -> None:
    """Only a yes to a question that is open empties the lab; progress stays."""
    talk = at(BOXES, INTRO).on(on.ResetAsked()).does(do.AskReset())
    assert talk.progress.waiting is Waiting.RESET
    talk.on(on.ResetConfirmed()).does(do.ResetLab()).at(BOXES)
    assert talk.progress == replace(Progress(), place=BOXES, done=frozenset({INTRO}))
    talk.on(on.ResetConfirmed()).does(do.Say(Note.RESET_SETTLED))


def test_reset_can_be_taken_back() -> None:
    """After a no, an old yes does nothing."""
    talk = at(BOXES).on(on.ResetAsked()).does(do.AskReset()).on(on.ResetCancelled()).does(do.Say(Note.RESET_KEPT))
    talk.on(on.ResetConfirmed()).does(do.Say(Note.RESET_SETTLED))
    talk.on(on.ResetCancelled()).does(do.Say(Note.RESET_SETTLED))
