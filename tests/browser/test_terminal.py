"""The terminal on a phone: full-screen programs and their keys fit its width."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.browser.conftest import OpenPhone
from tests.browser.phone import Phone

pytestmark = [pytest.mark.engine, pytest.mark.browser]

NARROW = {"width": 360, "height": 740}
"""The narrowest phone that is still common."""
CUT_OFF = """buttons => buttons.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"""


@dataclass(frozen=True)
class Program:
    """How one is started and left: `write:…` is a message, all else a button; `shows` is seen after each."""

    start: str
    shows: str
    acts: tuple[tuple[str, str], ...]
    takes_screen: bool = True
    """Otherwise the learner asks for the keys: busybox's `top` reads them, and does not say so."""


PROGRAMS = {
    "vi": Program("vi memo.txt", "0,0-1", (("write:i안녕 도시락", "안녕 도시락▌"), ("Esc", "안녕 도시"), (":wq", "✓"))),
    "nano": Program(
        "nano note.txt",
        "GNU nano",
        (("write:안녕 도시락", "안녕 도시락▌"), ("Ctrl+", "^X"), ("^X", "Save modified buffer?"), ("write:n", "✓")),
    ),
    "less": Program("seq 500 | less", "17 18", (("PgDn", "25 26"), ("write:G", "499 500"), ("write:q", "✓"))),
    "top": Program("top", "PID", (("Ctrl-C", "✓"),), takes_screen=False),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
async def test_a_keypad_fits_the_narrowest_phone(open_phone: OpenPhone, program: Program) -> None:
    """Every label of both pads is whole, the page does not scroll sideways, and the keys lead out of the program."""
    async with open_phone(1001, locale="ko-KR") as phone:
        await phone.page.set_viewport_size(NARROW)
        if await phone.page.get_by_role("button", name="시작", exact=True).count():
            await phone.taps("시작")
        await phone.writes("메시지", program.start)
        await phone.reads(program.shows)
        if not program.takes_screen:
            await phone.taps("⌨ 키")
        for pad in ("Ctrl+", "◀"):
            await fits(phone)
            await phone.taps(pad)
        for act, shown in program.acts:
            await does(phone, act)
            await phone.reads(shown)


async def fits(phone: Phone) -> None:
    assert await phone.page.locator("article button").evaluate_all(CUT_OFF) == []
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def does(phone: Phone, act: str) -> None:
    kind, _, text = act.partition(":")
    if kind == "write":
        await phone.writes("메시지", text)
    else:
        await phone.taps(act)
