"""A study group: several people, one terminal; each reads who ran what, and nobody gets in another's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.charts.child import SECONDS as DRAWN
from bot.course import Course
from bot.identity import Scope
from bot.localchat.faults import Fault
from bot.store import Driving, Who
from tests.chat.bash_lab import HELD, container
from tests.chat.conftest import House
from tests.chatclient import PATIENCE, Member, Seen
from tests.store.looking import audit_lines

GROUP = -1001000000001
FORUM = -1001000000002
HANEUL, MINJUN, ALEX = 1001, 1002, 1003
"""하늘 opened the group, so she is its admin."""


@pytest.fixture
async def group(house: House) -> AsyncIterator[tuple[Member, Member, Member]]:
    """하늘, 민준 and Alex in the study group."""
    async with AsyncExitStack() as stack:
        people = [Member(house.url, user, chat=GROUP) for user in (HANEUL, MINJUN, ALEX)]
        for person in people:
            await stack.enter_async_context(person)
        yield people[0], people[1], people[2]


Group = tuple[Member, Member, Member]


async def in_line(group: Group, line: str) -> tuple[Seen, Seen]:
    """하늘's program reads, and 민준's line waits behind it: the messages about both."""
    haneul, minjun, _ = group
    await haneul.says('/sh read x; echo "<$x>"')
    running = await haneul.sees("👥 하늘: $ read")
    await minjun.says(f"/sh {line}")
    return running, await minjun.sees("⏳ 민준: 앞의 명령이 끝나면 실행해요 · 1번째")


async def test_anybody_taps_and_each_command_says_whose_it_is(group: Group) -> None:
    """One opens the step, another runs it; all see both."""
    haneul, minjun, alex = group
    await haneul.says("/start@dosirak_bot ch02-hello")
    step = await minjun.sees("2/4")
    await minjun.presses("▶ 2", on=step)
    assert (await alex.sees("hostname")).text.startswith("👥 민준: $ hostname")
    await alex.says("/sh@dosirak_bot echo hi")
    assert (await haneul.sees("\nhi\n")).text.startswith("👥 Alex: $ echo hi")


async def test_a_group_is_spoken_to_as_several_people(house: House, group: Group) -> None:
    """Nothing there is one person's own, and how a command is sent differs."""
    haneul, minjun, _ = group
    await haneul.says("/start")
    welcome = await haneul.sees("함께 써 봅니다")
    assert "나만의" not in welcome.text and "/sh" in welcome.text
    assert "/sh docker" in (await minjun.sees_toast(await minjun.presses("⌨ 바로", on=welcome))).text
    await haneul.says("/sh true")
    await haneul.sees("✓")
    house.labs.only.listed = [container("web")]
    await haneul.says("/ps")
    await haneul.sees("우리 컨테이너 1")


@pytest.mark.parametrize("privacy", [True, False])
async def test_what_people_say_to_each_other_is_theirs(house: House, group: Group, privacy: bool) -> None:
    """Whether or not the bot hears everything: only commands and answers to it are meant for it."""
    house.local.conversation.privacy = privacy
    haneul, minjun, _ = group
    said = await haneul.says("ls 해 볼까요?")
    await minjun.says("docker ps", reply_to=said)
    await minjun.says("/ps@other_bot")
    await minjun.says("/unknown")
    await minjun.says("/sh echo 끝")
    await minjun.sees("\n끝\n")
    assert [seen.text[:4] for seen in minjun.messages if seen.from_bot] == ["👥 민준"]


async def test_a_group_that_could_not_be_reached_works_again(house: House, group: Group) -> None:
    """The bot was put out while a command ran and another waited: neither keeps the terminal for ever."""
    haneul, minjun, _ = group
    await haneul.says("/sh read -p '이름? ' x; echo \"<$x>\"; sleep 60")
    waiting = await haneul.sees("입력을 기다려요")
    await minjun.says("/sh echo 둘")
    await minjun.sees("앞의 명령이 끝나면")
    house.local.faults.order(Fault("sendMessage", 403))
    await haneul.says("하늘", reply_to=waiting)
    async with asyncio.timeout(5):
        while house.local.faults._orders:  # noqa: ASYNC110 - the order has no event
            await asyncio.sleep(0.01)
    await minjun.says("/sh echo 셋")
    await minjun.sees("\n셋\n")


async def test_a_second_command_waits_for_its_turn(house: House, group: Group) -> None:
    """It is told so at once, runs by itself afterwards, and its notice goes."""
    haneul, minjun, alex = group
    running, waiting = await in_line(group, "echo 둘째")
    await alex.says("/sh echo third")
    await alex.sees("2번째")
    await haneul.says("첫째", reply_to=running)
    await haneul.sees("<첫째>")
    assert (await minjun.sees("\n둘째\n")).text.startswith("👥 민준: ")
    assert (await alex.sees("\nthird\n")).text.startswith("👥 Alex: ")
    async with asyncio.timeout(5):
        while minjun.now(waiting) is not None:  # noqa: ASYNC110 - the notice goes a moment after the command starts
            await asyncio.sleep(0.01)
    assert [entry.user_id for entry in await audit_lines(house.store)] == [ALEX, MINJUN, HANEUL]


async def test_a_waiting_command_is_its_owners(group: Group) -> None:
    """Taken back, or given to the running program; another member cannot."""
    haneul, minjun, _ = group
    _, first = await in_line(group, "echo 하나")
    assert "보낸 사람만" in (await haneul.sees_toast(await haneul.presses("✖ 취소", on=first))).text
    await minjun.presses("✖ 취소", on=first)
    await minjun.says("/sh lunch")
    second = await minjun.sees("1번째")
    await minjun.presses("↪ 지금 입력으로", on=second)
    await haneul.sees("<lunch>")
    assert not haneul.shows("\n하나\n")


async def test_nobody_fills_the_queue(group: Group) -> None:
    """Three lines of one person, and the fourth is told to come again; others still get theirs in."""
    haneul, minjun, _ = group
    await haneul.says("/sh sleep 60")
    await haneul.sees("⏳ 실행 중")
    for number in range(3):
        await minjun.says(f"/sh echo {number}")
        await minjun.sees(f"{number + 1}번째")
    await minjun.says("/sh echo 3")
    await minjun.sees("기다리는 명령이 많아요")
    await haneul.says("/sh echo 하늘")
    await haneul.sees("4번째")


async def test_a_run_button_waits_too(group: Group) -> None:
    """A docker command of the lesson is not lost because somebody else is at it."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-clean-up")
    step = await minjun.sees("4/4")
    await haneul.says("/sh read x")
    running = await haneul.sees("👥 하늘: $ read")
    await minjun.presses("▶ 실행", on=step)
    await minjun.sees("docker container ls")
    await haneul.presses("Ctrl-C", on=running)
    await minjun.sees("👥 민준: $ docker container ls")


async def test_admins_choose_who_drives(house: House, group: Group) -> None:
    """Everyone, admins, one person; looking stays free; and the choice survives a restart."""
    haneul, minjun, alex = group
    await minjun.says("/sh echo 미리")
    await minjun.sees("\n미리\n")
    await haneul.says("/driver")
    card = await haneul.sees("누가 실행할까요?")
    assert "관리자만 고를" in (await minjun.sees_toast(await minjun.presses("🛡 관리자만", on=card))).text
    await haneul.presses("🛡 관리자만", on=card)
    await minjun.sees("지금은 관리자만 실행할 수 있어요.\n")
    await minjun.says("/sh echo 민준")
    await minjun.sees("지금은 관리자만 실행할 수 있어요. /driver")
    await haneul.presses("👤 민준", on=card)
    await haneul.sees("한 사람만 실행할 수 있어요: 민준")
    await house.restart()
    await alex.says("/sh echo alex")
    await alex.sees("지금은 민준 님만")
    await alex.says("/ps")
    await alex.sees("컨테이너가 없어요")
    await minjun.says("/sh echo 이제")
    await minjun.sees("\n이제\n")
    assert not alex.shows("\nalex\n") and not alex.shows("\n민준\n")


async def test_the_driver_is_named_by_a_reply(house: House, group: Group) -> None:
    """For somebody who has not spoken to the bot yet; and only an admin's reply counts."""
    haneul, minjun, alex = group
    said = await alex.says("hello")
    await minjun.says("/driver", reply_to=said)
    await minjun.sees("관리자만 고를 수")
    await haneul.says("/driver", reply_to=said)
    await haneul.sees("실행할 수 있어요: Alex")
    assert (await house.store.driving.get(Scope(GROUP))).who is Who.PERSON


async def test_a_drivers_name_is_a_name_only(house: House, group: Group) -> None:
    """Whoever is told who drives gets no mention of a stranger."""
    await house.store.driving.put(Scope(GROUP), Driving(Who.PERSON, ALEX, "@durov"))
    minjun = group[1]
    await minjun.says("/sh echo 민준")
    told = await minjun.sees("님만")
    assert "durov" in told.text
    assert {entity["type"] for entity in told.shape["entities"]} == {"bot_command"}


async def test_others_buttons_do_not_reach_a_driven_terminal(group: Group) -> None:
    """Keys, moves of the lesson, replies: all of it is the driver's."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-hello")
    step = await haneul.sees("2/4")
    said = await haneul.says("제가 할게요")
    await haneul.says("/driver", reply_to=said)
    await haneul.sees("실행할 수 있어요: 하늘")
    await haneul.says("/sh cat")
    running = await minjun.sees("⏳ 실행 중")
    for label, message in (("⏹ Ctrl-C", running), ("다음", step), ("▶ 2", step)):
        assert "하늘 님만" in (await minjun.sees_toast(await minjun.presses(label, on=message))).text
    await minjun.says("끼어들기", reply_to=running)
    await minjun.sees("하늘 님만")
    await haneul.presses("⏹ Ctrl-C", on=running)
    await haneul.sees("130")
    assert not haneul.shows("끼어들기\n")


async def test_the_way_to_a_step_is_the_drivers_too(group: Group) -> None:
    """A deep link moves the group's lesson as the buttons do; without one, everybody may look where the group is."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-hello")
    await haneul.sees("2/4")
    await haneul.says("/driver")
    await haneul.presses("🛡 관리자만")
    await haneul.sees("지금은 관리자만 실행할 수 있어요.\n")
    await minjun.says("/start ch02-boxes")
    await minjun.sees("지금은 관리자만 실행할 수 있어요. /driver")
    await minjun.says("/start")
    await minjun.sees_button("▶ 이어서 · 2단계")


async def test_who_waited_under_the_old_rule_is_told_and_does_not_run(group: Group) -> None:
    """A new driver's terminal runs nobody else's lines; the driver's own line keeps its turn."""
    haneul, minjun, alex = group
    await haneul.says('/sh read x; echo "<$x>"')
    running = await haneul.sees("⏳ 실행 중")
    for person in (minjun, alex):
        await person.says(f"/sh echo {person.user}")
        await person.sees("앞의 명령이 끝나면" if person is minjun else "2번째")
    await haneul.says("/driver")
    await haneul.presses("👤 Alex")
    await minjun.sees("민준: 실행할 사람이 바뀌어서")
    await alex.says("도시락", reply_to=running)
    await alex.sees(f"\n{ALEX}\n")
    assert not minjun.shows(f"\n{MINJUN}\n") and not minjun.shows("민준: 앞의 명령이")


async def test_who_waited_for_a_lab_that_is_closed_is_told_and_does_not_run(group: Group) -> None:
    """The line would open another lab, which nobody asked for."""
    haneul, minjun, _ = group
    _, waiting = await in_line(group, "echo 둘째")
    await haneul.says("/close")
    await haneul.presses("🧹 닫기")
    assert (await minjun.sees("민준: 실습 환경을 닫아서")).id == waiting.id
    await haneul.sees("닫았어요")
    await asyncio.sleep(0.3)
    assert not minjun.shows("\n둘째\n")


async def test_a_forgotten_driver_leaves_the_admins_at_the_wheel(house: House, group: Group) -> None:
    """The group reads it, and what else its admins chose stands."""
    haneul, minjun, alex = group
    said = await alex.says("hello")
    await haneul.says("/driver", reply_to=said)
    await haneul.presses("되돌리기와 연장: 관리자만")
    await haneul.sees("되돌리기와 연장은 관리자만")
    async with Member(house.url, ALEX) as alone:
        await alone.says("/forget")
        await alone.presses("🗑 Remove mine")
    await haneul.sees("자기 정보를 지웠어요")
    await minjun.says("/sh echo 민준")
    await minjun.sees("지금은 관리자만 실행할 수 있어요. /driver")
    await haneul.says("/sh echo 하늘")
    await haneul.sees("\n하늘\n")
    driving = await house.store.driving.get(Scope(GROUP))
    assert driving == Driving(Who.ADMINS, life_by_admins=True)


async def test_reset_and_extend_may_be_the_admins(group: Group) -> None:
    """The question, its answer and the warning's button."""
    haneul, minjun, _ = group
    await haneul.says("/driver")
    card = await haneul.sees("누가 실행할까요?")
    await haneul.presses("되돌리기와 연장: 관리자만", on=card)
    await haneul.sees("관리자만 할 수 있어요.\n")
    await minjun.says("/reset")
    await minjun.sees("되돌리기와 연장은 관리자만")
    await haneul.says("/reset")
    asked = await haneul.sees("처음으로 되돌릴까요?")
    assert "관리자만" in (await minjun.sees_toast(await minjun.presses("🧹 되돌리기", on=asked))).text
    await haneul.presses("🧹 되돌리기", on=asked)
    await haneul.sees("이미 비어 있어요")


async def test_driving_is_a_groups_matter(learner: Member) -> None:
    """In a private chat the command says so."""
    await learner.says("/driver")
    await learner.sees("그룹에서 쓰는 명령")


async def test_a_topic_has_its_own_driver_and_lab(house: House) -> None:
    """What the admins choose in one topic holds there alone."""
    async with AsyncExitStack() as stack:
        haneul = await stack.enter_async_context(Member(house.url, HANEUL, chat=FORUM, topic=1))
        minjun = await stack.enter_async_context(Member(house.url, MINJUN, chat=FORUM, topic=1))
        everybody = await stack.enter_async_context(Member(house.url, MINJUN, chat=FORUM))
        await haneul.says("/driver")
        await haneul.presses("🛡 관리자만")
        await haneul.sees("지금은 관리자만")
        await minjun.says("/sh echo 주제")
        await minjun.sees("지금은 관리자만 실행할 수 있어요. /driver")
        await everybody.says("/sh lunch=도시락; echo 모두")
        await everybody.sees("\n모두\n")
        await haneul.says('/sh echo "<$lunch>"')
        await haneul.sees("\n<>\n")


async def test_a_group_that_becomes_a_supergroup_keeps_everything(house: House, group: Group) -> None:
    """The step, the driver, the shell with what it holds, and the command that runs at this moment."""
    haneul = group[0]
    await haneul.says("/start ch02-boxes")
    await haneul.sees("3/4")
    await haneul.says("/driver")
    await haneul.presses("🛡 관리자만")
    await haneul.sees("지금은 관리자만")
    await haneul.says('/sh lunch=도시락; read x; echo "<$x>"')
    await haneul.sees("👥 하늘: $ lunch")
    new = int((await haneul.call("upgrade", chat=GROUP))["id"])
    async with Member(house.url, HANEUL, chat=new) as there, Member(house.url, MINJUN, chat=new) as other:
        running = await there.sees_where(lambda seen: "$ lunch" in seen.text, "the running command")
        await there.says("김밥", reply_to=running)
        await there.sees("<김밥>")
        await there.says('/sh echo "[$lunch]"')
        await there.sees("\n[도시락]\n")
        await other.says("/sh echo 민준")
        await other.sees("지금은 관리자만")
        await other.says("/steps")
        await other.sees("▶ 3. 컨테이너란?")
    assert await house.store.labs.of(Scope(GROUP)) is None


async def test_a_line_that_waits_takes_no_message_of_the_supergroup_away(group: Group) -> None:
    """The bot's message there that has the number of the line's notice stays; the line runs."""
    haneul = group[0]
    for number in range(4):
        await haneul.says(f"{number}")
    _, waiting = await in_line(group, "echo 둘째")
    new = int((await haneul.call("upgrade", chat=GROUP))["id"])
    async with Member(haneul._base_url, HANEUL, chat=new) as there:
        running = await there.sees_where(lambda seen: "$ read" in seen.text, "the running command")
        while (said := await there.says("-")).id < waiting.id - 2:
            pass
        assert said.id == waiting.id - 2
        await there.says("/help")
        help_text = await there.sees("도움말")
        assert help_text.id == waiting.id
        await there.says("끝", reply_to=running)
        await there.sees("\n둘째\n")
        await asyncio.sleep(0.3)
        assert there.now(help_text) is not None


async def test_me_leads_to_the_same_step_of_ones_own(house: House, group: Group) -> None:
    """A deep link; in the private chat it opens the step, and the command says that one is there already."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-boxes")
    await haneul.sees("3/4")
    await minjun.says("/me")
    button = (await minjun.sees("개인 대화방에서는")).buttons[0]
    assert button["url"] == "https://t.me/dosirak_bot?start=ch02-boxes"
    async with Member(house.url, MINJUN) as alone:
        await alone.says("/start ch02-boxes")
        await alone.sees("3/4")
        await alone.says("/me")
        await alone.sees("여기가 바로 개인 대화방")


# --- progress --------------------------------------------------------------------------------------------------------


async def test_each_member_has_progress_of_their_own(house: House, group: Group) -> None:
    """Run, Check and quiz count for who did them, also after the group has moved on."""
    haneul, minjun, alex = group
    await haneul.says("/start ch02-clean-up")
    step = await haneul.sees("4/4")
    await haneul.presses("▶ 실행", on=step)
    await haneul.sees("✅ 해냈어요.")
    await minjun.presses("▶ 실행", on=step)
    await minjun.sees("👣 민준 · 4단계")
    await alex.presses("✔ 확인", on=step)
    await alex.sees("👣 Alex · 4단계")
    await minjun.says("/progress")
    shown = await minjun.sees_file("photo", timeout=DRAWN + PATIENCE)
    assert shown.text.splitlines() == [
        "📈 진도 · 1장 도커의 기본 사용법",
        *(f"●●●○○○○○○○ 1/3 {name}" for name in ("하늘", "민준", "Alex")),
    ]
    done = [(one.user_id, one.step) for one in await house.store.completions.of(Scope(GROUP))]
    assert sorted(done) == [(person, "clean-up") for person in (HANEUL, MINJUN, ALEX)]


async def test_a_quiz_is_everybodys(group: Group) -> None:
    """Each is answered over their own screen; the question stays for the next one."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-boxes")
    await haneul.presses("❓ 퀴즈")
    quiz = await haneul.sees("컨테이너가 함께 쓰는 것은?")
    assert "다시 생각해" in (await minjun.sees_toast(await minjun.presses("호스트명", on=quiz))).text
    for person in (haneul, minjun):
        assert "맞아요" in (await person.sees_toast(await person.presses("운영체제", on=quiz))).text
    await haneul.sees("👣 민준 · 3단계")
    now = haneul.now(quiz)
    assert now is not None and now.text == quiz.text and len(now.buttons) == 2


async def test_a_member_may_stay_unlisted(group: Group) -> None:
    """Counted, not named, until they change their mind; what they have done stays theirs."""
    haneul, minjun, _ = group
    await haneul.says("/start ch02-clean-up")
    step = await haneul.sees("4/4")
    for person in (haneul, minjun):
        await person.presses("✔ 확인", on=step)
        await person.sees("👣 민준" if person is minjun else "✅")
    await minjun.says("/progress")
    shown = await minjun.sees_file("photo", timeout=DRAWN + PATIENCE)
    toast = await minjun.sees_toast(await minjun.presses("🙈", on=shown))
    assert "이름이 나오지 않아요" in toast.text
    await haneul.says("/progress")
    seen = await haneul.sees_file("photo", timeout=DRAWN + PATIENCE)
    assert "민준" not in seen.text and "그 밖에 1명" in seen.text
    assert "이름이 나와요" in (await minjun.sees_toast(await minjun.presses("🙈", on=seen))).text


async def test_a_line_that_waited_earns_nothing_by_what_came_before_it(house: House, group: Group) -> None:
    """The check belongs to the command that has ended; only then comes the next one's turn."""
    haneul, minjun, _ = group
    chapter = house.course.chapters[0]
    slow = tuple(replace(step, verify=step.verify and "sleep 0.5") for step in chapter.steps)
    house.course = Course((replace(chapter, steps=slow),))
    await house.restart()
    await haneul.says("/start ch02-hello")
    await haneul.sees("2/4")
    await haneul.says(f"/sh {HELD}")
    await haneul.sees("$ until")
    await minjun.says("/sh echo 그다음")
    await minjun.sees("앞의 명령이 끝나면")
    house.labs.only.shell.let_go()
    await haneul.sees("✅")
    await minjun.sees("\n그다음\n")
    await minjun.says("/sh echo 끝")
    await minjun.sees("\n끝\n")
    await asyncio.sleep(1)  # Two checks' time: there must be none.
    assert await done_by(house) == {HANEUL}


async def done_by(house: House) -> set[int]:
    return {one.user_id for one in await house.store.completions.of(Scope(GROUP))}


async def test_who_is_not_listed_is_not_named_by_what_they_do_next(house: House, group: Group) -> None:
    """It counts, quietly."""
    haneul, minjun, alex = group
    await house.store.unlisted.leave(Scope(GROUP), MINJUN)
    await haneul.says("/start ch02-clean-up")
    step = await haneul.sees("4/4")
    for person in (haneul, minjun, alex):
        await person.presses("✔ 확인", on=step)
        async with asyncio.timeout(5):
            while person.user not in await done_by(house):  # noqa: ASYNC110 - the bot says nothing
                await asyncio.sleep(0.01)
    await haneul.sees("👣 Alex")
    assert not haneul.shows("👣 민준")


async def test_without_any_deeds_there_is_only_a_word(learner: Member) -> None:
    """No empty picture; and alone there is no list to leave."""
    await learner.says("/progress")
    seen = await learner.sees("아직 아무도")
    assert not seen.buttons and "photo" not in seen.shape


async def test_a_restart_says_once_whose_lines_were_not_run(house: House, group: Group) -> None:
    """A line that waited is not run, its notice goes, and its owner is named."""
    minjun = group[1]
    _, waiting = await in_line(group, "echo 둘째")
    for _ in range(2):
        await house.restart()
        await minjun.sees("실행되지 않았어요: 민준")
    await minjun.says("/sh echo 끝")
    await minjun.sees("\n끝\n")
    assert sum("실행되지 않았어요" in seen.text for seen in minjun.messages) == 1
    assert minjun.now(waiting) is None and not minjun.shows("\n둘째\n")


async def test_a_group_that_cannot_be_told_of_its_lines_is_not_told_at_each_start(house: House, group: Group) -> None:
    """The bot was put out of it: what was noted for it goes."""
    haneul, minjun, _ = group
    await haneul.says("/sh sleep 600")
    await haneul.sees("👥 하늘: $ sleep")
    await minjun.says("/sh echo 둘째")
    await minjun.sees("1번째")
    await house.stack.aclose()
    house.local.faults.order(Fault("sendMessage", 403))
    house.labs.new_bot()
    await house.start()
    async with asyncio.timeout(5):
        while await house.store.unfinished.left():  # noqa: ASYNC110 - the store has no events
            await asyncio.sleep(0.01)
    assert not minjun.shows("실행되지 않았어요")
