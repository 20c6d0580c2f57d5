"""The chat page in a real browser: a person's fingers and eyes on one side, the Bot API on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from deploy.host.packages import find_browser
from tests.chatclient import Member
from tests.localchat.client import FORUM, GROUP, LEARNER, TOPIC, Served
from tests.localchat.conftest import Serve

pytestmark = pytest.mark.browser

CHROMIUM = find_browser()
PHONE = {"width": 412, "height": 915}


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium of this machine."""
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        await chromium.close()


@asynccontextmanager
async def opened(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """The page on a phone; any error in its console fails the test."""
    context = await browser.new_context(viewport=PHONE, locale="ko-KR", **options)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto(url)
    yield page
    await context.close()
    assert not errors


@pytest.fixture
async def page(browser: Browser, chat: Served) -> AsyncIterator[Page]:
    async with opened(browser, chat.url) as phone:
        yield phone


async def lesson(chat: Served, text: str = "1장", **more: Any) -> int:
    """A message of the bot with a Run button; its id."""
    keyboard = {"inline_keyboard": [[{"text": "▶ 실행", "callback_data": "run", "style": "primary"}]]}
    sent = await chat.bot("sendMessage", chat_id=LEARNER, text=text, reply_markup=keyboard, **more)
    return int(sent["message_id"])


async def heard(chat: Served, kind: str) -> Any:
    """The newest update of a kind, once it is there."""
    offset = 0
    async with asyncio.timeout(5):
        while True:
            updates = await chat.updates(offset=offset, timeout=5)
            offset = updates[-1]["update_id"] + 1
            if found := [update[kind] for update in updates if kind in update]:
                return found[-1]


async def test_a_person_starts_taps_and_sees_the_edit_in_place(page: Page, chat: Served) -> None:
    """Start, a lesson, a tap that waits until it is answered, the toast, and the same message changed."""
    await page.get_by_role("button", name="시작").click()
    assert (await heard(chat, "message"))["text"] == "/start"
    message_id = await lesson(chat)
    run = page.get_by_role("button", name="▶ 실행")
    await run.click()
    await expect(run).to_have_attribute("aria-busy", "true")
    query = await heard(chat, "callback_query")
    await chat.bot("answerCallbackQuery", callback_query_id=query["id"], text="실행했어요")
    await expect(page.locator("#toast")).to_have_text("실행했어요")
    await expect(run).not_to_have_attribute("aria-busy", "true")
    await chat.bot("editMessageText", chat_id=LEARNER, message_id=message_id, text="Hello from Chapter 2!")
    article = page.locator(f"article[data-id='{message_id}']")
    await expect(article).to_contain_text("Hello from Chapter 2!")
    await expect(article).to_contain_text("수정됨")
    await expect(run).to_have_count(0)


async def _top(place: Locator) -> float:
    box = await place.bounding_box()
    assert box is not None
    return box["y"]


async def test_an_edit_does_not_move_what_is_read(page: Page, chat: Served) -> None:
    """Neither at the end, where the end stays in sight, nor further up."""
    await page.get_by_role("button", name="시작").click()
    await heard(chat, "message")
    first = await lesson(chat, "처음")
    for number in range(60):
        await chat.bot("sendMessage", chat_id=LEARNER, text=f"줄 {number}")
    last = page.locator("article").last
    await expect(last).to_contain_text("줄 59")
    await expect(last).to_be_in_viewport()
    read = page.locator("article", has_text="줄 15")
    await read.evaluate("node => node.scrollIntoView({ block: 'start' })")
    await expect(page.get_by_role("button", name="맨 아래로")).to_be_visible()
    before = await _top(read)
    await chat.bot("editMessageText", chat_id=LEARNER, message_id=first, text="길어진 글\n" * 20)
    await chat.bot("sendMessage", chat_id=LEARNER, text="새 글")
    await expect(page.get_by_role("button", name="맨 아래로")).to_contain_text("1")
    # Scrolling has whole pixels, layout has not.
    assert abs(await _top(read) - before) < 1
    await page.get_by_role("button", name="맨 아래로").click()
    await expect(page.locator("article").last).to_be_in_viewport()


async def test_whatever_the_bot_writes_stays_text(page: Page, chat: Served) -> None:
    """Markup of any kind is shown as it is, in texts, code and buttons; entities become elements."""
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    await page.get_by_role("button", name="시작").click()
    await heard(chat, "message")
    entities = [{"type": "bold", "offset": 0, "length": 5}, {"type": "pre", "offset": 6, "length": len(evil) - 6}]
    keyboard = {"inline_keyboard": [[{"text": evil, "callback_data": "x"}]]}
    await chat.bot("sendMessage", chat_id=LEARNER, text=evil, entities=entities, reply_markup=keyboard)
    article = page.locator("article").last
    await expect(article.locator("pre")).to_have_text(evil[6:])
    await expect(article.locator("strong.bold")).to_have_text("<img ")
    await expect(article.locator("img, script")).to_have_count(0)


async def test_several_lines_are_written_with_shift_enter(page: Page, chat: Served) -> None:
    """Enter sends; the last own message comes back for an edit with the up arrow."""
    await page.get_by_role("button", name="시작").click()
    field = page.get_by_role("textbox", name="메시지")
    await field.press_sequentially("docker container run \\")
    await field.press("Shift+Enter")
    await field.press_sequentially("  diamol/base")
    await field.press("Enter")
    await expect(page.locator("article.own").last).to_contain_text("diamol/base")
    assert (await heard(chat, "message"))["text"] == "docker container run \\\n  diamol/base"
    await field.press("ArrowUp")
    await field.fill("docker ps")
    await field.press("Enter")
    assert (await heard(chat, "edited_message"))["text"] == "docker ps"


async def test_commands_are_offered_while_typing(page: Page, chat: Served) -> None:
    """In the person's language, filtered by what is typed, sent with Enter."""
    names = (("ps", "내 컨테이너"), ("pages", "웹 페이지"), ("help", "도움말"))
    commands = [{"command": name, "description": words} for name, words in names]
    await chat.bot("setMyCommands", commands=commands, language_code="ko")
    await page.get_by_role("button", name="시작").click()
    field = page.get_by_role("textbox", name="메시지")
    await field.press_sequentially("/p")
    await expect(page.get_by_role("option")).to_have_text(["/ps내 컨테이너", "/pages웹 페이지"])
    await field.press("ArrowDown")
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(page.locator("article.own").last).to_contain_text("/pages")
    await expect(field).to_have_value("")


async def test_a_chosen_command_stays_chosen_when_the_list_is_drawn_anew(page: Page, chat: Served) -> None:
    """The bot's commands change in the middle of a choice: the choice is kept, and so is the keyboard's place."""
    await chat.bot("setMyCommands", commands=[{"command": "ps", "description": "내 컨테이너"}])
    await page.get_by_role("button", name="시작").click()
    await page.get_by_role("textbox", name="메시지").press_sequentially("/p")
    await page.keyboard.press("ArrowDown")
    names = ("pages", "ps", "pull")
    await chat.bot("setMyCommands", commands=[{"command": name, "description": name} for name in names])
    await expect(page.get_by_role("option")).to_have_text(["/pagespages", "/psps", "/pullpull"])
    await expect(page.get_by_role("option", selected=True)).to_have_text("/psps")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.own").last).to_contain_text("/pull")


async def test_a_person_changes_language_and_chat(page: Page, chat: Served) -> None:
    """The page speaks English at once, the bot hears it, and a topic's message lands in the topic."""
    await page.get_by_role("button", name="대화 목록").click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Chats")).to_be_visible()
    await page.get_by_role("button", name="2장 실습").click()
    field = page.get_by_role("textbox", name="Message")
    await field.fill("/ps")
    await field.press("Enter")
    message = await heard(chat, "message")
    assert (message["chat"]["id"], message["message_thread_id"]) == (FORUM, TOPIC)
    assert message["from"]["language_code"] == "en"
    await chat.bot("sendChatAction", chat_id=FORUM, message_thread_id=TOPIC, action="typing")
    await expect(page.locator("#head")).to_contain_text("typing…")


async def test_others_words_wait_in_the_list(page: Page, chat: Served) -> None:
    """What is said elsewhere is counted until it is read."""
    await expect(page.get_by_role("button", name="시작")).to_be_visible()
    async with Member(chat.url, 1002, chat=GROUP) as member:
        await member.says("같이 해요")
    await page.get_by_role("button", name="대화 목록").click()
    group = page.get_by_role("button", name="도커 스터디")
    await expect(group).to_contain_text("같이 해요")
    await expect(group.locator(".count")).to_have_text("1")
    await group.click()
    await expect(page.locator("article")).to_contain_text("민준")


async def test_an_alert_waits_for_its_ok(page: Page, chat: Served) -> None:
    """show_alert opens a dialog."""
    await page.get_by_role("button", name="시작").click()
    await heard(chat, "message")
    await lesson(chat)
    await page.get_by_role("button", name="▶ 실행").click()
    query = await heard(chat, "callback_query")
    answer = {"callback_query_id": query["id"], "text": "자리가 없어요", "show_alert": True}
    await chat.bot("answerCallbackQuery", **answer)
    await expect(page.get_by_role("dialog")).to_contain_text("자리가 없어요")
    await page.get_by_role("button", name="확인").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_page_finds_back_after_a_restart(browser: Browser, serve: Serve) -> None:
    """A banner while the bot is away; then the same chat, with the new session, and what was said meanwhile."""
    async with serve() as chat:
        port = int(chat.url.rpartition(":")[2])
        context = await browser.new_context(viewport=PHONE)
        page = await context.new_page()
        await page.goto(chat.url)
        await page.get_by_role("button", name="시작").click()
        await heard(chat, "message")
        await chat.updates(offset=2)
    await expect(page.locator("#banner")).to_be_visible()
    async with serve(port=port) as chat:
        await chat.bot("sendMessage", chat_id=LEARNER, text="다시 왔어요")
        await expect(page.locator("article").last).to_contain_text("다시 왔어요", timeout=8000)
        await expect(page.locator("#banner")).to_be_hidden()
        await page.get_by_role("textbox", name="메시지").fill("반가워요")
        await page.keyboard.press("Enter")
        assert (await heard(chat, "message"))["text"] == "반가워요"
        await context.close()


async def test_another_page_on_this_machine_cannot_act(browser: Browser, chat: Served) -> None:
    """A learner's own web page, in the same browser, with the chat open: its requests are refused."""

    async def attack(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>a learner's page</title>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/", attack)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    context = await browser.new_context()
    await (await context.new_page()).goto(chat.url)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    script = """async url => {
        await fetch(url + "/api/say", {method: "POST", mode: "no-cors", credentials: "include",
            headers: {"Content-Type": "text/plain"}, body: '{"user": 1001, "chat": 1001, "text": "evil"}'});
        return await new Promise(done => {
            const socket = new WebSocket(url.replace("http", "ws") + "/api/live?user=1001");
            socket.onopen = () => done("open");
            socket.onerror = () => done("refused");
        });
    }"""
    assert await page.evaluate(script, chat.url) == "refused"
    assert await chat.updates() == []
    await context.close()
    await runner.cleanup()
