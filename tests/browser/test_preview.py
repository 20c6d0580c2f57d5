"""The whole bot with pictures of pages switched on, and Chromium installed or not."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from bot.localchat.seed import GROUP_ID
from bot.pages import browser
from deploy.host.temporary import EngineHost
from tests.e2e.house import house

RUN = "docker container run --detach --publish 8088:80 diamol/ch02-hello-diamol-web"


@pytest.mark.parametrize("chat", [{}, {"chat": GROUP_ID}], ids=["private", "group"])
async def test_a_new_page_comes_with_its_picture(engine_host: EngineHost, chat: dict[str, int]) -> None:
    """Once, under its message; nobody has visited the page then."""
    async with house(engine_host, page_preview=True) as place, place.running(), place.member(1001, **chat) as learner:
        await learner.says(f"/sh {RUN}")
        await learner.sees("웹 페이지가 열렸어요")
        photo = await learner.sees_where(lambda one: "photo" in one.shape and "🖼 8088 → " in one.text, "🖼", timeout=30)
        picture = Image.open(BytesIO(await learner.opens(photo.shape["photo"][-1]["file_id"])))
        assert picture.size == tuple(map(int, browser.WINDOW.split(",")))
        assert len(picture.convert("RGB").getcolors(2**20) or ()) > 2
        await learner.says("/pages")
        assert "방문" not in (await learner.sees("열린 웹 페이지 1")).text


async def test_without_chromium_there_is_no_picture_and_no_error(
    engine_host: EngineHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator reads of it at the start; pages open as ever."""
    monkeypatch.setattr(browser, "NAMES", ())
    async with house(engine_host, page_preview=True) as place, place.running(), place.member(1002) as learner:
        assert "Chromium is not installed" in caplog.text
        await learner.says(RUN)
        await learner.sees("웹 페이지가 열렸어요")
