"""Quick demos: a tour that plays by itself, one image by one command."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from bot.chat import performer, transport
from bot.chat.guests import GuestList
from bot.course import Course
from bot.identity import Scope
from bot.localchat.faults import Fault
from bot.localchat.seed import GROUP_ID
from tests.chat.conftest import House
from tests.chatclient import Member, Seen
from tests.learning.playbook import scene

ASKS = "read -p '이름? ' x; echo \"<$x>\""
"""A demo's command that would read what anybody types; Ctrl-C ends it."""


async def plays_instead(house: House, command: str, *, cleaning: str = "echo cleaned") -> None:
    """The tour's commands from now on."""
    first, *others = house.course.chapters
    tour = (scene("둘", command), scene("정리", cleaning))
    house.course = Course((replace(first, tour=tour), *others))
    await house.restart()


def labels(seen: Seen) -> list[str]:
    return [str(button["text"]) for button in seen.buttons]


@pytest.mark.parametrize("start", ["/demo", "/start demo", "/start demo-ch02"])
async def test_a_tour_plays_by_itself(house: House, learner: Member, start: str) -> None:
    """What is said, what runs, the end with the way on; it is nobody's completed step."""
    await learner.says(start)
    end = await learner.sees("여기까지예요")
    said = [seen.text for seen in learner.messages if seen.from_bot]
    assert [text.split("\n")[0] for text in said] == ["하나", "둘", "$ echo two", "정리", "$ echo cleaned", end.text]
    assert not any(button["text"].startswith("⏹") for seen in learner.messages for button in seen.buttons)
    assert not await house.store.completions.steps(Scope(learner.chat))
    await learner.presses("📚 단계별로", on=end)
    await learner.sees("1장 · 도커의 기본 사용법")


async def test_a_stopped_tour_cleans_up(learner: Member) -> None:
    """The scenes in between are left out, the last one is not."""
    await learner.says("/demo")
    await learner.presses("⏹ 데모 멈추기", on=await learner.sees("하나"))
    await learner.sees("여기까지예요")
    assert learner.shows("$ echo cleaned") and not learner.shows("$ echo two")


async def test_stopping_twice_does_not_stop_the_cleaning_up(house: House) -> None:
    """Two members tap at once, and the second tap comes when the last scene runs."""
    await plays_instead(house, ASKS, cleaning="sleep 2; echo cleaned")
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/demo")
        first = await minjun.sees_button("⏹ 데모 멈추기")
        await minjun.sees("이름? ▌")
        await haneul.presses("⏹ 데모 멈추기", on=first)
        await minjun.sees("$ sleep 2")
        assert "정리하고" in (await minjun.sees_toast(await minjun.presses("⏹ 데모 멈추기", on=first))).text
        await minjun.sees("여기까지예요")
        assert minjun.shows("\ncleaned\n")


async def test_one_tour_at_a_time(learner: Member) -> None:
    """A second one is told so."""
    await learner.says("/demo")
    await learner.sees("하나")
    await learner.says("/demo")
    await learner.sees("이미 진행 중")
    await learner.sees("여기까지예요")


async def test_a_group_watches_together(house: House) -> None:
    """A member's own command comes in between, and says whose it is."""
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/demo@dosirak_bot")
        await minjun.sees("하나")
        await minjun.says("/sh echo mine")
        await minjun.sees("\nmine\n")
        await haneul.sees("여기까지예요")
        assert minjun.shows("👥 하늘: $ echo two")


async def test_a_group_has_one_stop_button_for_the_whole_tour(house: House) -> None:
    """Each change of a message counts there; the first scene keeps it until the end, and it works all the while."""
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/demo")
        first = await minjun.sees_button("⏹ 데모 멈추기")
        later = await minjun.sees("$ echo two")
        assert first.text == "하나" and not any(seen.button("⏹ 데모") for seen in minjun.messages if seen.id > first.id)
        await minjun.presses("⏹ 데모 멈추기", on=first)
        await minjun.sees("여기까지예요")
        now = minjun.now(first)
        assert now is not None and not now.buttons and later.id > first.id


async def test_stopping_a_tour_leaves_a_members_command_alone(house: House) -> None:
    """The tour waits for the terminal meanwhile: what runs there is not a scene of it."""
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await minjun.says("/sh read -p '이름? ' x; echo \"<$x>\"")
        running = await minjun.sees("입력을 기다려요")
        await haneul.says("/demo")
        first = await haneul.sees_button("⏹ 데모 멈추기")
        await haneul.sees_toast(await haneul.presses("⏹ 데모 멈추기", on=first))
        await minjun.says("민준", reply_to=running)
        await minjun.sees("<민준>")
        await haneul.sees("여기까지예요")


async def test_no_scene_begins_after_stop_when_a_members_command_ends(house: House) -> None:
    """The scene that waited for the terminal is left out like those behind it; the last one cleans up."""
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await minjun.says("/sh read -p '이름? ' x; echo \"<$x>\"")
        running = await minjun.sees("입력을 기다려요")
        await haneul.says("/demo")
        first = await haneul.sees_button("⏹ 데모 멈추기")
        await haneul.sees("둘")
        await haneul.sees_toast(await haneul.presses("⏹ 데모 멈추기", on=first))
        await minjun.says("민준", reply_to=running)
        await haneul.sees("여기까지예요")
        assert minjun.shows("<민준>") and haneul.shows("$ echo cleaned") and not haneul.shows("$ echo two")


async def test_a_scene_that_waits_for_the_prompt_is_not_typed_after_stop(learner: Member) -> None:
    """A prompt without its mark is waited for; meanwhile there is nothing yet that Ctrl-C could reach."""
    await learner.says("PS1='$ '")
    await learner.sees("✓")
    await learner.says("/demo")
    await learner.sees("$ echo two")
    await learner.presses("⏹ 데모 멈추기")
    await learner.sees("여기까지예요")
    assert learner.shows("$ echo cleaned") and not learner.shows("\ntwo\n")


@pytest.mark.parametrize("command", ["/run diamol/ch02-hello-diamol", "/demo"])
async def test_what_runs_does_not_read_a_demo_as_its_input(learner: Member, command: str) -> None:
    """In a private chat, too, both are commands to the bot: the way out is told, and the program reads nothing."""
    await learner.says("cat")
    await learner.sees("⏳ 실행 중")
    await learner.says(command)
    await learner.sees("아직 다른 명령이 실행 중이에요")
    await learner.presses("Ctrl-D")
    ended = await learner.sees("✓")
    assert "docker" not in ended.text and not learner.shows("하나")


async def test_an_image_of_the_list_runs(learner: Member) -> None:
    """With options before it and arguments behind it; another one is answered with the list."""
    await learner.says("/run --rm diamol/ch02-hello-diamol echo hi")
    await learner.sees("$ docker container run --rm diamol/ch02-hello-diamol echo hi")
    await learner.sees("✗")
    for rest in ("", "ubuntu"):
        await learner.says(f"/run {rest}")
        await learner.sees("\ndiamol/ch02-hello-diamol")


async def test_a_restart_says_once_that_a_demo_was_cut_off(house: House, learner: Member) -> None:
    """The next start after that has nothing to say, and the stop button is gone."""
    await learner.says("/demo")
    await learner.sees("하나")
    for _ in range(2):
        await house.restart()
        await learner.sees("데모가 끊겼어요")
    await learner.says("echo 끝")
    await learner.sees("\n끝\n")
    assert sum("데모가 끊겼어요" in seen.text for seen in learner.messages) == 1
    assert not any(button["text"].startswith("⏹") for seen in learner.messages for button in seen.buttons)


async def test_a_demo_that_was_cut_off_plays_again(house: House, learner: Member) -> None:
    """What it had made has the names that the next one needs."""
    await plays_instead(house, "mkdir made && cat", cleaning="rmdir made")
    await learner.says("/demo")
    await learner.sees("$ mkdir made")
    await learner.says("ls -d made")  # It waits, so the demo's command runs by now.
    await learner.sees("데모가 진행 중이에요")
    await house.restart()
    await learner.sees("데모가 끊겼어요")
    await learner.says("/demo")
    await learner.presses("⏹ Ctrl-C", on=await learner.sees("⏳ 실행 중"))
    await learner.sees("여기까지예요")
    assert not learner.shows("File exists") and not learner.shows("✗ 종료 코드 1 ")


@pytest.mark.parametrize("applied", [False, True])
async def test_a_scene_without_an_answer_does_not_end_the_demo(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch, applied: bool
) -> None:
    """Nobody knows whether its words arrived; the others come, and the last one cleans up."""
    monkeypatch.setattr(transport, "CALL", aiohttp.ClientTimeout(total=0.4))
    house.local.faults.order(Fault("sendMessage", None, applied=applied))
    await learner.says("/demo")
    await learner.sees("여기까지예요")
    assert learner.shows("하나") is applied and learner.shows("$ echo two") and learner.shows("$ echo cleaned")


async def test_a_demo_of_somebody_who_is_banned_opens_no_other_lab(house: House, learner: Member) -> None:
    """It ends with the lab that it plays in."""
    house.guests = GuestList(admins=frozenset({1002}))
    await house.restart()
    await learner.says("/demo")
    await learner.sees("$ echo two")
    async with Member(house.url, 1002) as admin:
        await admin.says(f"/ban {learner.user}")
        await admin.sees("실습 환경 1개도")
        await asyncio.sleep(3)
    assert not await house.store.labs.all() and not learner.shows("$ echo cleaned")


@pytest.mark.parametrize(("command", "yes"), [("/close", "🧹 닫기"), ("/reset", "🧹 되돌리기")])
async def test_a_demo_ends_with_its_lab(learner: Member, command: str, yes: str) -> None:
    """It is said, and no further scene opens another."""
    await learner.says("echo open")
    await learner.sees("\nopen\n")
    await learner.says("/demo")
    await learner.sees("하나")
    await learner.says(command)
    await learner.presses(yes)
    await learner.sees("데모도 여기서 끝나요")
    await learner.says("/demo")
    await learner.sees("여기까지예요")
    assert sum(seen.text.startswith("$ echo cleaned") for seen in learner.messages) == 1


# --- what people write and tap while a demo's command runs -----------------------------------------------------------


async def test_a_command_sent_during_a_demo_runs_after_the_demos(house: House, learner: Member) -> None:
    """The demo's command does not read it; that it waits is said at once, and it has a message of its own."""
    await plays_instead(house, ASKS)
    await learner.says("/demo")
    running = await learner.sees("이름? ▌")
    await learner.says("echo mine")
    notice = await learner.sees("데모가 진행 중이에요")
    assert "$ echo mine" in notice.text and labels(notice) == ["⏹ 데모 멈추기", "✖ 취소"]
    await learner.presses("⏹ Ctrl-C", on=running)
    await learner.sees("$ echo mine\nmine\n")
    await learner.sees("여기까지예요")
    assert not learner.shows("<echo") and learner.now(notice) is None and learner.shows("$ echo cleaned")


async def test_a_command_that_waits_for_a_demo_can_be_taken_back(house: House, learner: Member) -> None:
    """Or the demo is stopped from there, which cleans up."""
    await plays_instead(house, ASKS)
    await learner.says("/demo")
    await learner.sees("이름? ▌")
    await learner.says("echo mine")
    await learner.presses("✖ 취소", on=await learner.sees("데모가 진행 중이에요"))
    await learner.says("echo yours")
    await learner.presses("⏹ 데모 멈추기", on=await learner.sees("데모가 진행 중이에요"))
    await learner.sees("여기까지예요")
    assert learner.shows("\nyours\n") and learner.shows("$ echo cleaned") and not learner.shows("\nmine\n")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("컨테이너가 뭐예요?", "설명은 이 단계에 있어요"),
        ("/help", "🍱 도움말"),
        ("/stop", "모르는 명령이에요"),
        ("/run ubuntu", "실행할 이미지를 함께"),
        ("/sh", "빈 메시지는"),
    ],
)
async def test_a_question_during_a_demo_is_answered(house: House, learner: Member, said: str, answer: str) -> None:
    """As at any other time, and the demo goes on."""
    await plays_instead(house, ASKS)
    await learner.says("/demo")
    running = await learner.sees("이름? ▌")
    await learner.says(said)
    await learner.sees(answer)
    await learner.presses("⏹ Ctrl-C", on=running)
    await learner.sees("여기까지예요")
    assert not learner.shows("not found")


async def test_a_demos_command_offers_no_keys(house: House, learner: Member) -> None:
    """They would reach the shell behind it: a Ctrl-D that it does not read ends that."""
    await plays_instead(house, ASKS)
    await learner.says("cat")
    old = await learner.sees_button("Ctrl-D")
    key = old.button("Ctrl-D")
    assert key is not None
    await learner.presses("Ctrl-D", on=old)
    await learner.sees("✓")
    await learner.says("/demo")
    running = await learner.sees("이름? ▌")
    assert labels(running) == ["⏹ Ctrl-C"] and running.text.endswith("⏳ 실행 중")
    pressed = await learner.call("press", chat=learner.chat, message=old.id, data=key["callback_data"])
    assert "입력을 받지 않아요" in (await learner.sees_toast(str(pressed["query"]))).text
    await learner.presses("⏹ 데모 멈추기")
    await learner.sees("여기까지예요")
    assert not learner.shows("셸이 끝났어요")


async def test_a_run_button_waits_for_a_demos_command(house: House, learner: Member) -> None:
    """Also one for the inside of a container: what runs is not the step's."""
    await plays_instead(house, ASKS)
    await learner.says("/start ch02-hello")
    step = await learner.sees("2/4")
    await learner.says("/demo")
    running = await learner.sees("이름? ▌")
    await learner.presses("▶ 2", on=step)
    assert "$ hostname" in (await learner.sees("데모가 진행 중이에요")).text
    await learner.presses("⏹ Ctrl-C", on=running)
    await learner.sees_where(lambda seen: seen.text.startswith("$ hostname\n") and "✓" in seen.text, "its output")
    assert not learner.shows("<hostname")


@pytest.mark.parametrize("way", ["again", "run"])
async def test_whatever_runs_a_command_waits_for_a_demos(house: House, learner: Member, way: str) -> None:
    """None is refused, and none is read by the demo's command."""
    await plays_instead(house, ASKS)
    await learner.says("echo mine")
    ended = await learner.sees("✓")
    await learner.says("/demo")
    running = await learner.sees("이름? ▌")
    if way == "again":
        await learner.presses("🔁 다시", on=ended)
    else:
        await learner.says("/run diamol/ch02-hello-diamol")
    await learner.sees("데모가 진행 중이에요")
    await learner.presses("⏹ Ctrl-C", on=running)
    await learner.sees("$ docker container run" if way == "run" else "$ echo mine")


async def test_a_reply_to_a_demos_command_is_a_line_of_its_own(house: House) -> None:
    """In a group, where a reply to any other command is its input."""
    await plays_instead(house, ASKS)
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/demo")
        running = await minjun.sees("이름? ▌")
        assert labels(running) == ["⏹ Ctrl-C"] and "답장" not in running.text
        await minjun.says("echo mine", reply_to=running)
        notice = await haneul.sees("민준: 데모의 명령이 끝나면 바로 실행해요")
        assert labels(notice) == ["⏹ 데모 멈추기", "✖ 취소"]
        await minjun.presses("⏹ Ctrl-C", on=running)
        assert (await minjun.sees("\nmine\n")).text.startswith("👥 민준: $ echo mine")
        await haneul.sees("여기까지예요")
        assert not haneul.shows("<echo")


async def test_a_waiting_line_is_not_typed_into_a_demo(house: House) -> None:
    """Its button was offered while somebody's program ran; the demo's command came first when that had ended."""
    await plays_instead(house, ASKS)
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/start ch02-clean-up")  # Its check keeps the next line away for a moment.
        await haneul.sees("4/4")
        await haneul.says("/sh read x")
        own = await haneul.sees("👥 하늘: $ read")
        await haneul.says("/demo")
        await minjun.says("/sh echo mine")
        waiting = await minjun.sees("앞의 명령이 끝나면 실행해요")
        await haneul.says("x", reply_to=own)
        running = await minjun.sees("이름? ▌")
        assert "입력을 받지" in (await minjun.sees_toast(await minjun.presses("↪ 지금 입력으로", on=waiting))).text
        await minjun.presses("⏹ Ctrl-C", on=running)
        await minjun.sees("\nmine\n")


async def test_a_demo_that_waits_says_so(learner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, while a command that came in between runs; it goes on by itself."""
    monkeypatch.setattr(performer, "PLAY_WAITS", 0.3)
    await learner.says("/demo")
    await learner.sees("하나")
    await learner.says("cat")
    await learner.sees("데모를 이어서 할게요")
    await asyncio.sleep(1)
    await learner.presses("Ctrl-D")
    await learner.sees("여기까지예요")
    assert sum("데모를 이어서 할게요" in seen.text for seen in learner.messages) == 1


async def test_a_line_that_waits_for_a_demo_is_not_lost_silently_at_a_restart(house: House, learner: Member) -> None:
    """Nor does it run in the bot that stops, whose next start says that it did not."""
    await plays_instead(house, ASKS)
    await learner.says("/demo")
    await learner.sees("이름? ▌")
    await learner.says("touch mine")
    await learner.sees("데모가 진행 중이에요")
    await house.restart()
    await learner.sees("기다리던 명령은 실행되지 않았어요")
    await learner.says("ls mine")
    await learner.sees("✗ 종료 코드 2")
