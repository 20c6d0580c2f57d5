"""Pacing and budgets: promises that hold for every order of changes, outcomes and times."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.terminal.budget import GROUP_ALLOWANCE, HOLD_MARGIN, PRIVATE_ALLOWANCE, Allowance, Bucket, ChatBudget
from bot.terminal.pacing import GROUP_TEMPO, PRIVATE_TEMPO, Pacing, Tempo

TEMPOS = st.sampled_from([PRIVATE_TEMPO, GROUP_TEMPO])
STEPS = st.floats(0, 8, allow_nan=False)


def show_first(pacing: Pacing, now: float, frame: str = "first") -> None:
    """Lets the first frame through at `now`."""
    assert pacing.start(frame, now)
    pacing.delivered(now)


class LiveMessage(RuleBasedStateMachine):
    """A chat that may apply, refuse, hold or lose every frame, and a caller that follows the rules."""

    @initialize(tempo=TEMPOS)
    def begin(self, tempo: Tempo) -> None:
        self.tempo = tempo
        self.now = 0.0
        self.pacing = Pacing(tempo, self.now)
        self.content = 0
        self.final = False
        self.flying: str | None = None
        self.chat: list[str] = []
        self.starts: list[float] = []
        self.held_until = 0.0

    @property
    def frame(self) -> str:
        return f"final {self.content}" if self.final else f"frame {self.content}"

    @rule(step=STEPS)
    def time_passes(self, step: float) -> None:
        self.now += step

    @precondition(lambda self: not self.final)
    @rule(new=st.booleans())
    def output_comes(self, new: bool) -> None:
        self.content += new
        self.pacing.changed(self.now)

    @precondition(lambda self: not self.final)
    @rule()
    def somebody_presses_a_key(self) -> None:
        self.pacing.touched(self.now)

    @precondition(lambda self: not self.final)
    @rule()
    def the_command_ends(self) -> None:
        self.final = True
        self.pacing.finish(self.now)

    @rule()
    def the_caller_tries(self) -> None:
        due = self.pacing.due_at()
        if self.pacing.start(self.frame, self.now):
            assert self.flying is None, "two frames in flight"
            assert due is not None and self.now >= due
            assert self.now >= self.held_until
            self._check_gap()
            self.flying = self.frame
            self.starts.append(self.now)

    def _check_gap(self) -> None:
        if self.starts:
            least = self.tempo.final_gap if self.final else self.tempo.intervals[0][1]
            assert self.now - self.starts[-1] >= least - 1e-9

    @precondition(lambda self: self.flying is not None)
    @rule()
    def the_chat_applies_it(self) -> None:
        assert self.flying is not None
        assert not self.chat or self.chat[-1] != self.flying or self.lost, "an unchanged frame was sent"
        self._apply()
        self.pacing.delivered(self.now)

    @precondition(lambda self: self.flying is not None)
    @rule(seconds=st.integers(1, 30))
    def the_chat_says_429(self, seconds: int) -> None:
        self.flying = None
        self.held_until = self.now + seconds + HOLD_MARGIN
        self.pacing.held(self.now, seconds)

    @precondition(lambda self: self.flying is not None)
    @rule(applied=st.booleans())
    def the_answer_is_lost(self, applied: bool) -> None:
        if applied:
            self._apply()
        self.flying = None
        self.lost = True
        self.pacing.failed(self.now)

    lost = False

    def _apply(self) -> None:
        assert self.flying is not None
        self.chat.append(self.flying)
        self.flying = None

    @invariant()
    def over_means_that_the_final_frame_is_the_last(self) -> None:
        if self.pacing.over:
            assert self.final and self.chat[-1] == self.frame

    @invariant()
    def something_is_always_due_until_the_final_frame_is_there(self) -> None:
        if self.final and not self.pacing.over and self.flying is None:
            assert self.pacing.due_at() is not None

    def teardown(self) -> None:
        """From wherever we are, a chat that works gets the final frame, once."""
        if self.flying is not None:
            self.the_chat_applies_it()
        if not self.final:
            self.the_command_ends()
        for _ in range(3):
            due = self.pacing.due_at()
            if due is None:
                break
            self.now = max(self.now, due)
            self.the_caller_tries()
            if self.flying is not None:
                self.the_chat_applies_it()
        assert self.pacing.over
        assert self.chat[-1] == self.frame
        if not self.lost:
            assert self.chat.count(self.frame) == 1


LiveMessage.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestLiveMessage = LiveMessage.TestCase


def test_the_first_output_waits_for_the_first_pause() -> None:
    """A program that writes in one go is shown whole, not after its first byte."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    pacing.changed(0.1)
    pacing.changed(0.2)
    assert pacing.due_at() == pytest.approx(0.2 + PRIVATE_TEMPO.first_quiet)


def test_a_program_without_pauses_is_shown_all_the_same() -> None:
    """Steady output cannot push the first frame beyond its latest time."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    for tenth in range(20):
        pacing.changed(tenth / 10)
    assert pacing.due_at() == PRIVATE_TEMPO.first_latest


def test_a_silent_command_is_shown_too() -> None:
    """`sleep 60` has a message with a Stop button soon."""
    assert Pacing(PRIVATE_TEMPO, 5).due_at() == 5 + PRIVATE_TEMPO.silent_start


def test_a_short_command_needs_one_message_only() -> None:
    """When the end comes before the first frame, the first frame is the final one, at once."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    pacing.changed(0.30)
    pacing.finish(0.35)
    due = pacing.due_at()
    assert due is not None and due <= 0.35
    show_first(pacing, 0.35)
    assert pacing.over


@pytest.mark.parametrize("tempo", [PRIVATE_TEMPO, GROUP_TEMPO])
def test_old_messages_are_redrawn_less_often(tempo: Tempo) -> None:
    """Each interval of the tempo holds from its age on."""
    for age, interval in tempo.intervals:
        pacing = Pacing(tempo, -age)
        show_first(pacing, max(0, -age + tempo.silent_start))
        started = max(0, -age + tempo.silent_start)
        pacing.changed(started)
        assert pacing.due_at() == started + interval


def test_failures_slow_the_attempts_down_and_a_success_forgets_them() -> None:
    """A server in trouble is asked after 1, 2, 4 … seconds, never more than half a minute apart."""
    pacing, now, waits = Pacing(PRIVATE_TEMPO, 0), 100.0, []
    for _ in range(8):
        assert pacing.start("x", now)
        pacing.failed(now)
        due = pacing.due_at()
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits == sorted(waits) and waits[0] < 5 and waits[-1] == 30


def test_changes_that_change_nothing_cost_little() -> None:
    """A caller that says "changed" at every turn with the same frame is slowed down, but its final frame is not."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    show_first(pacing, 1, "same")
    pacing.changed(10)
    assert not pacing.start("same", 10)
    pacing.changed(10)
    assert pacing.due_at() == 10 + PRIVATE_TEMPO.first_quiet
    pacing.finish(10)
    assert pacing.start("end", 10)


def test_a_deleted_message_is_followed_by_a_new_one() -> None:
    """The same frame is sent again when the message that showed it is gone."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    show_first(pacing, 10)
    pacing.finish(11)
    assert pacing.start("end", 11)
    pacing.replaced(11)
    assert not pacing.over
    assert pacing.start("end", 12)


def test_nothing_is_due_when_nobody_can_be_reached() -> None:
    """A blocked bot stops for good, even with a final frame at hand."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    assert pacing.start("x", 1)
    pacing.abandon()
    pacing.finish(2)
    assert pacing.over and pacing.due_at() is None


@given(
    st.sampled_from([PRIVATE_ALLOWANCE, GROUP_ALLOWANCE]),
    st.lists(st.tuples(st.floats(0, 5, allow_nan=False), st.booleans()), max_size=200),
)
def test_no_minute_sees_more_than_the_allowance(allowance: Allowance, wishes: list[tuple[float, bool]]) -> None:
    """Whatever is wished for, sends stay below burst and rate, and what `ready_at` promises is kept."""
    budget, now, sent = ChatBudget(allowance), 0.0, deque[float]()
    for step, redraw in wishes:
        now += step
        ready = budget.ready_at(now, redraw=redraw)
        taken = budget.take(now, redraw=redraw)
        assert taken == (ready <= now)
        if taken:
            sent.append(now)
        while sent and sent[0] <= now - 60:
            sent.popleft()
        assert len(sent) <= allowance.capacity + 60 * allowance.rate


def test_a_group_gets_at_most_twenty_a_minute() -> None:
    """Telegram's own figure for groups."""
    assert GROUP_ALLOWANCE.capacity + 60 * GROUP_ALLOWANCE.rate <= 20


def test_replies_find_room_where_redraws_do_not() -> None:
    """Redraws leave the reserve untouched."""
    budget = ChatBudget(GROUP_ALLOWANCE)
    while budget.take(0, redraw=True):
        pass
    replies = 0
    while budget.take(0):
        replies += 1
    assert replies == GROUP_ALLOWANCE.reserve


def test_a_held_chat_gets_nothing_until_its_time() -> None:
    """429 stops replies and redraws alike."""
    budget = ChatBudget(PRIVATE_ALLOWANCE)
    budget.hold(10, 7)
    assert not budget.take(17) and budget.ready_at(11) == 17 + HOLD_MARGIN
    assert budget.take(17 + HOLD_MARGIN)


def test_a_bucket_is_ready_when_it_says_so() -> None:
    """No caller waits twice because of a rounding error."""
    bucket = Bucket(rate=0.3, capacity=1)
    now = 1e9
    for _ in range(50):
        now = bucket.ready_at(now)
        assert bucket.take(now)


def test_a_key_press_wakes_a_calm_message() -> None:
    """After minutes in vi its screen still follows as fast as in the first seconds; without a key it stays calm."""
    pacing = Pacing(PRIVATE_TEMPO, 0)
    show_first(pacing, 300)
    pacing.changed(300)
    assert pacing.due_at() == 300 + PRIVATE_TEMPO.intervals[-1][1]
    pacing.touched(300.5)
    assert pacing.due_at() == 300 + PRIVATE_TEMPO.intervals[0][1]
