"""The terminal on a phone: full-screen programs and their keys fit its width."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPhone

pytestmark = [pytest.mark.engine, pytest.mark.browser]

NARROW = {"width": 360, "height": 740}
"""The narrowest phone that is still common."""
CUT_OFF = """buttons => buttons.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"""


async def test_a_keypad_fits_the_narrowest_phone(open_phone: OpenPhone) -> None:
    """Every label of both pads is whole, and the page does not scroll sideways."""
    async with open_phone(1001, locale="ko-KR") as phone:
        await phone.page.set_viewport_size(NARROW)
        await phone.taps("시작")
        await phone.writes("메시지", "nano memo.txt")
        await phone.reads("GNU nano")
        await phone.writes("메시지", "안녕 도시락")
        await phone.reads("안녕 도시락▌")
        for pad in ("Ctrl+", "◀"):
            assert await phone.page.locator("article button").evaluate_all(CUT_OFF) == []
            assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await phone.taps(pad)
        await phone.taps("Ctrl+")
        await phone.taps("^X")
        await phone.reads("Save modified buffer?")
        await phone.writes("메시지", "n")
        await phone.reads("✓")
