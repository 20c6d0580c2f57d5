"""The conversation as a learner has it, through the local Bot API server, with a real bash behind it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.chat import checks
from bot.chat.callbacks import encode
from bot.chat.menu import COMMANDS
from bot.errors import EngineError, EngineNotFound, EngineUnavailable, LabsFull
from bot.identity import Scope
from bot.localchat.faults import Fault
from bot.localchat.seed import GROUP_ID
from bot.sandbox.events import ContainerRemoved, ContainerStarted, ContainerStopped, EngineBack, EngineGone
from bot.sandbox.summary import PublishedPort
from bot.store import Begun
from tests.chat.bash_lab import HELD, container
from tests.chat.conftest import House
from tests.chatclient import Member
from tests.store.looking import audit_lines

WEB = container("quirky_hugle", number=77, ports=(PublishedPort(8088, 80, "tcp"),))


# --- lessons ---------------------------------------------------------------------------------------------------------


async def test_a_newcomer_finds_the_first_step(learner: Member) -> None:
    """Welcome, first step, next step, each with its buttons."""
    await learner.says("/start")
    await learner.sees("도시락")
    await learner.presses("1장 시작")
    await learner.sees("1장 · 1/4  도커를 시작해요")
    await learner.presses("다음")
    seen = await learner.sees("2/4")
    assert [button["text"] for button in seen.buttons] == ["▶ 1", "▶ 2", "✔ 확인", "◀ 이전", "목록", "다음 ▶"]


async def test_where_one_is_survives_a_restart(house: House, learner: Member) -> None:
    """The step, what is done and the chosen language are in the store."""
    await learner.says("/start ch02-hello")
    await learner.sees("2/4")
    await learner.says("/lang")
    await learner.presses("English")
    await learner.sees("Run your first container")
    await house.restart()
    await learner.says("/start")
    await learner.presses("Go on · step 2")
    await learner.sees("Chapter 1 · 2/4")


async def test_every_tap_is_answered(learner: Member) -> None:
    """Old buttons, buttons of nothing, garbage: a word, and nothing else happens."""
    await learner.says("/start ch02-hello")
    step = await learner.sees("2/4")
    for data in (encode("next", "ch99", "x"), "v0:old", encode("c", "logs", "f" * 12), encode("stop"), "…"):
        answer = await learner.call("press", chat=learner.chat, message=step.id, data=data)
        await learner.sees_toast(str(answer["query"]))


async def test_a_second_tap_does_not_run_ahead(learner: Member) -> None:
    """The hasty thumb is told where it is."""
    await learner.says("/start")
    await learner.presses("1장 시작")
    first = await learner.sees("1/4")
    await learner.presses("다음", on=first)
    await learner.sees("2/4")
    assert (await learner.sees_toast(await learner.presses("다음", on=first))).text == "이미 그 단계에 있어요."
    assert not learner.shows("3/4")


async def test_a_question_is_not_a_command(learner: Member) -> None:
    """It is led to the step that explains it."""
    await learner.says("컨테이너가 뭐예요?")
    await learner.sees("[3단계 · 컨테이너란?]")
    await learner.presses("3단계 열기")
    await learner.sees("3/4")


async def test_a_quiz_is_answered_in_place(learner: Member) -> None:
    """Wrong may try again, right completes the step."""
    await learner.says("/start ch02-boxes")
    await learner.presses("❓ 퀴즈")
    await learner.presses("호스트명")
    await learner.sees("다시 생각해 보세요")
    await learner.presses("운영체제")
    seen = await learner.sees("맞아요")
    assert not seen.buttons
    await learner.says("/steps")
    await learner.sees("☑ 3. 컨테이너란?")


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_answers(learner: Member, command: str) -> None:
    """None is silent, also without any lab and without the words that belong behind it."""
    await learner.says(f"/{command}")
    await learner.sees_where(lambda seen: seen.text, "an answer")


async def test_what_cannot_be_read_is_said_kindly(learner: Member) -> None:
    """Stickers, files, unknown commands."""
    await learner.sends_sticker("🍱")
    await learner.sees("글로 된 메시지만")
    await learner.sends("document", "a.txt", b"hello")
    await learner.sees("글로 된 메시지만")
    await learner.says("/nonsense")
    await learner.sees("모르는 명령")


# --- the terminal ----------------------------------------------------------------------------------------------------


async def test_a_command_is_one_message(learner: Member) -> None:
    """Its output, its end in words, its buttons."""
    await learner.says("echo 안녕 && pwd")
    seen = await learner.sees("✓")
    assert seen.text.startswith("$ echo 안녕 && pwd\n안녕\n/")
    assert seen.buttons[0]["text"] == "🔁 다시" and seen.button("🖼")


async def test_an_exit_code_is_said_in_words(learner: Member) -> None:
    """127 is not a number to a learner."""
    await learner.says("dockr ps")
    await learner.sees("✗ 종료 코드 127")
    assert learner.shows("그런 명령이 없어요")


async def test_the_shell_remembers(learner: Member) -> None:
    """One bash for the whole conversation."""
    await learner.says("lunch=도시락")
    await learner.sees("✓")
    await learner.says('echo "$lunch"')
    await learner.sees("\n도시락\n")


async def test_several_lines_are_one_command(learner: Member) -> None:
    """A heredoc comes through, and has one end."""
    await learner.says("cat <<END\n하나\n\t둘\nEND")
    seen = await learner.sees("✓")
    assert "하나\n" in seen.text and seen.text.count("✓") == 1


async def test_stop_stops_at_once(learner: Member) -> None:
    """Ctrl-C reaches the program while it runs."""
    await learner.says("sleep 60")
    await learner.presses("⏹ Ctrl-C")
    await learner.sees("종료 코드 130")


async def test_a_message_is_the_running_programs_input(learner: Member) -> None:
    """The hint says so, and the terminal moves below what was said."""
    await learner.says("read -p '이름? ' name; echo \"<$name>\"")
    waiting = await learner.sees("프로그램이 입력을 기다려요")
    said = await learner.says("하늘")
    seen = await learner.sees("<하늘>")
    assert seen.id > said.id
    async with asyncio.timeout(5):
        while learner.now(waiting) is not None:  # noqa: ASYNC110 - the old message goes after the new one has come
            await asyncio.sleep(0.01)


async def test_a_line_that_no_program_read_is_a_command_of_its_own(learner: Member) -> None:
    """Typed while something runs that does not read: the shell runs it afterwards, and the chat shows it."""
    await learner.says("sleep 1.5")
    await learner.sees("⏳ 실행 중")
    await learner.says("echo $((6 * 7))")
    shown = await learner.sees("\n42\n✓")
    assert shown.text.startswith("$ echo $((6 * 7))")
    await learner.says("echo next")
    await learner.sees("$ echo next\nnext\n✓")


async def test_a_run_button_types_into_a_container(learner: Member) -> None:
    """A block without docker goes to the program that runs; a docker command waits its turn."""
    await learner.says("/start ch02-hello")
    step = await learner.sees("2/4")
    await learner.says("cat")
    await learner.sees("⏳ 실행 중")
    assert "실행 중" in (await learner.sees_toast(await learner.presses("▶ 1", on=step))).text
    await learner.presses("▶ 2", on=step)
    await learner.sees("hostname\nhostname")
    await learner.presses("⏹ Ctrl-C")
    await learner.sees("130")


async def test_who_forgot_to_leave_a_container_is_told_how(learner: Member) -> None:
    """Ctrl-C would only draw the prompt again: the word names the button that leaves, and after it the tap runs."""
    await learner.says("/start ch02-clean-up")
    step = await learner.sees("4/4")
    await learner.says("PS1='/ # ' bash --noprofile --norc -i")
    inside = await learner.sees("/ # ▌")
    assert "⏏ exit" in (await learner.sees_toast(await learner.presses("▶ 실행", on=step))).text
    await learner.presses("⏏ exit", on=inside)
    await learner.sees("✓")
    await learner.presses("▶ 실행", on=step)
    await learner.sees("$ docker container ls")


async def test_the_next_command_is_offered_under_the_output(learner: Member) -> None:
    """The step's own buttons have scrolled away: the second command runs from the first one's message."""
    await learner.says("/start ch03")
    await learner.presses("▶ 1", on=await learner.sees("1/1"))
    await learner.sees_button("▶ 2 · echo onward")
    await learner.presses("▶ 2 · echo onward")
    await learner.sees("$ echo onward")
    ended = await learner.sees("✓")
    assert not ended.button("▶")


async def test_what_is_for_the_inside_is_not_offered_outside(learner: Member) -> None:
    """The shell of the container has ended: its next command would run in the terminal instead."""
    await learner.says("/start ch02-hello")
    await learner.presses("▶ 1", on=await learner.sees("2/4"))
    ended = await learner.sees_button("🔁 다시")
    assert "docker container run" in ended.text and not ended.button("▶ 2")


async def test_long_output_is_cut_and_offered_whole(learner: Member) -> None:
    """The end in the message, everything in a document, the screen in a picture."""
    await learner.says("seq 500")
    seen = await learner.sees("✓")
    assert "\n500" in seen.text and "\n400\n" not in seen.text and "위로" in seen.text
    await learner.presses("📄 전체")
    file = await learner.sees_file("document")
    content = await learner.opens(file.shape["document"]["file_id"])
    assert content.decode().splitlines()[:3] == ["$ seq 500", "1", "2"] and b"\n500\n" in content
    await learner.presses("🖼 그림")
    await learner.sees_file("photo")


async def test_again_runs_it_again(learner: Member) -> None:
    """The same command in a new message."""
    await learner.says("date +%N")
    first = await learner.sees("✓")
    await learner.presses("🔁 다시", on=first)
    second = await learner.sees("✓")
    assert second.id != first.id and second.text.startswith("$ date +%N")


async def test_what_a_phone_made_of_quotes_is_put_right(learner: Member) -> None:
    """And it is said."""
    await learner.says("echo “하나 둘”")
    await learner.sees("고쳤어요")
    await learner.sees("\n하나 둘\n")


async def test_a_full_screen_program_gets_single_keys(learner: Member) -> None:
    """What is typed there is keys, without an Enter; the buttons are the keys that a phone lacks."""
    reads = 'read -rsn1 a; read -rsn1 b; read -rs line; printf "\\e[?1049l%q %q %q\\n" "$a" "$b" "$line"'
    await learner.says(f"printf '\\e[?1049hfull'; {reads}")
    await learner.sees_button(":wq")
    assert learner.shows("엔터 없이 그대로 입력돼요")
    await learner.says("i")
    await learner.presses("Esc")
    await learner.presses(":wq")
    seen = await learner.sees("✓")
    assert r"i $'\E' $'\E:wq'" in seen.text


async def test_a_shell_that_was_left_opens_again(learner: Member) -> None:
    """`exit` at the prompt is no dead end."""
    await learner.says("exit")
    await learner.sees("셸이 끝났어요")
    await learner.says("echo 다시")
    await learner.sees("\n다시\n")


async def test_a_passed_check_is_said_by_itself(learner: Member) -> None:
    """After the command that completes the step."""
    await learner.says("/start ch02-clean-up")
    await learner.sees("4/4")
    await learner.says("true")
    await learner.sees("✅ 해냈어요.")
    await learner.presses("마치기")
    await learner.sees("끝이에요")


async def test_a_check_that_the_engine_broke_off_is_run_again(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command ran through, and counts: whether the engine is away, or is back and knows of no such exec."""
    monkeypatch.setattr(checks, "ENGINE_RETURNS", (0.1, 0.1))
    await learner.says("/start ch02-clean-up")
    await learner.sees("4/4")
    await learner.says(HELD)
    await learner.sees("$ until")
    house.labs.only.broken_off = [EngineUnavailable("no answer"), EngineNotFound("no such exec instance", 404)]
    house.labs.only.shell.let_go()
    await learner.sees("✅ 해냈어요.")
    assert house.labs.only.broken_off == []


async def test_a_groups_next_line_does_not_wait_for_the_engine_with_a_check(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the engine is away the line is told so by itself, and where it is back it runs."""
    monkeypatch.setattr(checks, "ENGINE_RETURNS", (60.0,))
    async with Member(house.url, 1001, chat=GROUP_ID) as haneul, Member(house.url, 1002, chat=GROUP_ID) as minjun:
        await haneul.says("/start ch02-clean-up")
        await haneul.sees("4/4")
        await haneul.says(f"/sh {HELD}")
        await haneul.sees("$ until")
        house.labs.only.broken_off = [EngineUnavailable("no answer")]
        await minjun.says("/sh echo 다음")
        await minjun.sees("앞의 명령이 끝나면")
        house.labs.only.shell.let_go()
        await minjun.sees("\n다음\n")
        assert house.labs.only.broken_off == []


async def test_a_check_that_the_engine_refused_is_not_waited_for(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would refuse it again: all that comes of the command was said."""
    monkeypatch.setattr(checks, "ENGINE_RETURNS", (60.0,))
    await learner.says("/start ch02-clean-up")
    await learner.sees("4/4")
    await learner.says(HELD)
    await learner.sees("$ until")
    house.labs.only.broken_off = [EngineError("OCI runtime exec failed", 500)]
    house.labs.only.shell.let_go()
    await learner.sees("✓")
    async with asyncio.timeout(5):
        while await house.store.commands.left():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    assert house.labs.only.broken_off == [] and not learner.shows("해냈어요")


async def test_a_check_that_was_asked_for_is_answered_without_an_engine(house: House, learner: Member) -> None:
    """At once: who asked can ask again."""
    await learner.says("/start ch02-clean-up")
    await learner.sees("4/4")
    house.labs.refuse = EngineUnavailable("no answer")
    await learner.presses("확인")
    await learner.sees("지금은 확인할 수 없어요")


async def test_a_group_is_asked_by_sh_and_by_replies(house: House) -> None:
    """It says who ran a command; what people say to each other is left alone."""
    async with Member(house.url, 1002, chat=-1001000000001) as member:
        await member.says("다들 안녕하세요")
        await member.says("/sh read -p '이름? ' x; echo \"<$x>\"")
        waiting = await member.sees("입력을 기다려요")
        assert waiting.text.startswith("👥 민준: $ read")
        await member.says("민준", reply_to=waiting)
        await member.sees("<민준>")
        assert not member.shows("터미널로 가요")


async def test_topics_have_terminals_of_their_own(house: House) -> None:
    """A topic's answers stay in the topic, and its shell is not the group's."""
    forum = -1001000000002
    async with Member(house.url, 1001, chat=forum, topic=1) as member:
        await member.says("/sh echo 여기")
        await member.sees("\n여기\n")
    async with Member(house.url, 1001, chat=forum) as everybody:
        assert all(seen.shape.get("message_thread_id") == 1 for seen in everybody.messages if seen.from_bot)


async def test_a_command_that_a_restart_cut_off_is_told_of(house: House, learner: Member) -> None:
    """Its message loses the buttons that lead nowhere now."""
    await learner.says("sleep 60")
    running = await learner.sees("⏳ 실행 중")
    await house.restart()
    await learner.sees("여기서 끊겼어요")
    left = learner.now(running)
    assert left is not None and not left.buttons


async def test_what_was_sent_to_a_program_that_was_cut_off_is_not_run(house: House, learner: Member) -> None:
    """It was no command for bash: the word about the program says that it did not arrive, and the next line runs."""
    await learner.says("/help")
    await learner.sees("도움말")
    await house.stack.aclose()
    await house.store.commands.begin(Begun(Scope(1001), house.now, 1001, "하늘"))
    await learner.says("echo 그만")
    house.labs.new_bot()
    await house.start()
    await learner.sees("그동안 보낸 입력은 전달되지 않았어요")
    await learner.says("echo 다음")
    await learner.sees("\n다음\n")
    assert not learner.shows("\n그만\n")


async def test_a_command_whose_lab_is_being_opened_is_told_of_too(house: House, learner: Member) -> None:
    """A stop does not leave it with a lab that opens for ever; after the restart nobody is told again."""
    house.labs.opening = asyncio.Event()
    await learner.says("echo 안녕")
    await learner.sees("실습 환경을 여는 중이에요")
    await house.restart()
    cut = await learner.sees("여기서 끊겼어요")
    assert cut.text.startswith("$ echo 안녕")
    house.labs.opening.set()
    await learner.says("echo 다시")
    await learner.sees("\n다시\n")
    assert sum("끊겼어요" in seen.text for seen in learner.messages) == 1


async def test_an_end_that_can_never_be_shown_is_tried_once(house: House, learner: Member) -> None:
    """Telegram refuses the last frame that a crash has left: the next one is shown, and no start tries it again."""
    begun = Begun(Scope(1001), house.now, 1001, "하늘")
    for final in ("text=", "text=✓+하나"):
        await house.store.commands.ended(await house.store.commands.begin(begun), final)
    await learner.says("/help")
    await learner.sees("도움말")
    await house.restart()
    await learner.sees("✓ 하나")
    assert learner.shows("이쪽에서 문제가 생겼어요")
    async with asyncio.timeout(5):
        while await house.store.commands.left():  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.01)


async def test_who_writes_does_not_wait_for_a_word_that_cannot_come(
    house: House, learner: Member, caplog: pytest.LogCaptureFixture
) -> None:
    """The state file fails when the last run's command is to be told of: the next start does it, and lines run."""
    await learner.says("/help")
    await learner.sees("도움말")
    await house.stack.aclose()
    await house.store.commands.begin(Begun(Scope(1001), house.now, 1001, "하늘"))
    await house.store._database.rows("ALTER TABLE scopes RENAME TO gone")
    house.labs.new_bot()
    await house.start()
    async with asyncio.timeout(5):
        while "is for the next start" not in caplog.text:  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(0.01)
    await house.store._database.rows("ALTER TABLE gone RENAME TO scopes")
    await learner.says("echo 하나")
    await learner.sees("\n하나\n")
    await house.restart()
    await learner.sees("여기서 끊겼어요")


async def test_what_comes_while_a_lab_opens_is_answered(house: House, learner: Member) -> None:
    """There is no program yet that could read it, and no second command at a time."""
    house.labs.opening = asyncio.Event()
    await learner.says("echo 하나")
    await learner.sees("실습 환경을 여는 중이에요")
    await learner.says("echo 둘")
    await learner.sees("아직 다른 명령이 실행 중이에요")
    house.labs.opening.set()
    await learner.sees("\n하나\n")
    assert not learner.shows("\n둘\n")


# --- containers and pages --------------------------------------------------------------------------------------------


async def test_a_page_is_announced_extended_and_closed(house: House, learner: Member) -> None:
    """By itself when the container starts; its message always says how it is."""
    await learner.says("true")
    await learner.sees("✓")
    lab = house.labs.only
    house.events.tell(ContainerStarted(lab.id, WEB))
    page = await learner.sees("웹 페이지가 열렸어요 · 8088 → quirky_hugle:80")
    assert ".localhost:" in page.text and "30분 뒤" in page.text
    await learner.sees_toast(await learner.presses("⏱ 연장", on=page))
    await learner.sees("1시간 뒤")
    house.events.tell(ContainerStopped(lab.id, WEB.id))
    await learner.sees("컨테이너가 멈춰 있어요")
    await learner.says("/pages")
    await learner.sees("열린 웹 페이지 1")
    house.events.tell(ContainerRemoved(lab.id, WEB.id))
    await learner.sees("웹 페이지가 닫혔어요")
    assert "이미 닫힌" in (await learner.sees_toast(await learner.presses("⏱ 연장"))).text


async def test_a_page_that_went_before_it_was_told_of_is_not_announced(
    house: House, learner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the command that made it, whose lab is closed."""
    monkeypatch.setattr("bot.chat.pages_desk.COMMAND_FIRST", 60.0)
    await learner.says("sleep 60")
    await learner.sees("⏳ 실행 중")
    web = container("quirky_hugle", number=4, ports=(PublishedPort(8088, 80, "tcp"),))
    house.events.tell(ContainerStarted(house.labs.only.id, web))
    async with asyncio.timeout(2):
        while not house.pages.all():  # noqa: ASYNC110 - a page that is opened tells nobody
            await asyncio.sleep(0.01)
    await learner.says("/close")
    await learner.presses("🧹 닫기")
    await learner.sees("닫았어요")
    await asyncio.sleep(0.5)
    assert not learner.shows("웹 페이지가 열렸어요")


async def test_a_page_is_not_promised_longer_than_its_lab(house: House, learner: Member) -> None:
    """Neither by its message nor by Extend, which names the way to more time."""
    await learner.says("true")
    await learner.sees("✓")
    house.now += timedelta(hours=3, minutes=50)
    house.events.tell(ContainerStarted(house.labs.only.id, WEB))
    page = await learner.sees("웹 페이지가 열렸어요")
    assert "10분 뒤" in page.text
    toast = (await learner.sees_toast(await learner.presses("⏱ 연장", on=page))).text
    assert "10분 동안" in toast and "/extend" in toast
    await learner.says("/extend")
    await learner.sees("40분 동안")
    toast = (await learner.sees_toast(await learner.presses("⏱ 연장", on=page))).text
    assert "40분 동안" in toast


async def test_the_card_does_what_it_offers(house: House, learner: Member) -> None:
    """Logs, remove with a question, and the card afterwards, all in its own message."""
    await learner.says("true")
    await learner.sees("✓")
    house.labs.only.listed = [WEB, container("nice_lichterman", number=5, state="exited")]
    await learner.says("/ps")
    card = await learner.sees("내 컨테이너 2")
    await learner.presses("2 로그")
    await learner.sees("docker container logs nice_lichterman")
    await learner.presses("2 삭제")
    await learner.sees("삭제할까요? nice_lichterman")
    await learner.presses("🗑 삭제")
    assert (await learner.sees("내 컨테이너 1")).id == card.id
    await learner.presses("모두 삭제")
    await learner.presses("🗑 삭제")
    assert (await learner.sees("1개를 삭제했어요")).id == card.id


# --- starting over, and trouble --------------------------------------------------------------------------------------


async def test_reset_asks_and_says_what_went(house: House, learner: Member) -> None:
    """Progress stays, the shell is a new one."""
    await learner.says("/start ch02-hello")
    await learner.says("touch here")
    await learner.sees("✓")
    house.labs.only.listed = [WEB]
    await learner.says("/reset")
    await learner.sees("지금 컨테이너 1개가 있어요")
    await learner.presses("되돌리기")
    done = await learner.sees("사라진 컨테이너: 1개. 진도는 그대로")
    assert not done.buttons
    await learner.says("ls")
    seen = await learner.sees("✓")
    assert "here" not in seen.text


@pytest.mark.parametrize(
    ("error", "words"),
    [(EngineUnavailable("away"), "도커 엔진이 응답하지 않아요"), (LabsFull("full"), "빈자리가 없어요")],
)
async def test_a_lab_that_cannot_open_is_said(house: House, learner: Member, error: Exception, words: str) -> None:
    """What happened, what is kept, what to do; and Again works when it is back."""
    house.labs.refuse = error
    await learner.says("docker ps")
    await learner.sees(words)
    house.labs.refuse = None
    await learner.says("echo 이제")
    await learner.sees("\n이제\n")


async def test_an_engine_that_goes_and_comes_is_told_of(house: House, learner: Member) -> None:
    """To those who work, once each."""
    await learner.says("true")
    await learner.sees("✓")
    house.events.tell(EngineGone())
    await learner.sees("잠시 멈췄어요")
    house.events.tell(EngineBack())
    await learner.sees("돌아왔어요")


async def test_the_final_frame_survives_faults(house: House, learner: Member) -> None:
    """429, a server's fault, an answer that got lost: the last frame is there in the end."""
    house.local.faults.order(Fault("editMessageText", 429, retry_after=1))
    house.local.faults.order(Fault("editMessageText", 500))
    await learner.says("for i in 1 2 3 4; do echo line $i; sleep 0.2; done")
    seen = await learner.sees("✓", timeout=20)
    assert "line 1\nline 2\nline 3\nline 4\n" in seen.text


async def test_a_message_that_was_deleted_is_sent_anew(learner: Member) -> None:
    """The learner deleted it while the command ran."""
    await learner.says("for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.1; done")
    first = await learner.sees("line 1")
    await learner.call("delete", chat=learner.chat, message=first.id)
    assert (await learner.sees("✓")).id != first.id


async def test_a_blocked_bot_goes_on_for_others(house: House, learner: Member) -> None:
    """403 ends the one conversation's stream, nothing else."""
    house.local.faults.order(Fault("sendMessage", 403))
    await learner.says("echo 하나")
    await asyncio.sleep(0.5)
    await learner.says("echo 둘")
    await learner.sees("\n둘\n")


async def test_telegram_away_loses_nothing(house: House, learner: Member) -> None:
    """Polls and sends fail for a while; then the answer comes."""
    house.local.faults.order(Fault("sendMessage", 502, times=2))
    await learner.says("/help")
    await learner.sees("도움말", timeout=20)


async def test_a_fault_of_ours_is_not_silent(house: House, learner: Member) -> None:
    """The state file fails: a word to the learner, and the same tap works as soon as it can."""
    await learner.says("/start")
    await learner.sees("도시락")
    for tap, step in (("1장 시작", "1/4"), ("다음", "2/4")):
        await house.store._database.rows("ALTER TABLE scopes RENAME TO gone")
        await learner.presses(tap)
        await learner.sees("이쪽에서 문제가 생겼어요")
        await house.store._database.rows("ALTER TABLE gone RENAME TO scopes")
        await learner.presses(tap)
        await learner.sees(step)


async def test_a_newcomer_hears_of_a_fault_too(house: House) -> None:
    """The state file tells nothing of them: the word comes in their own language."""
    await house.store._database.rows("ALTER TABLE scopes RENAME TO gone")
    async with Member(house.url, 1003) as alex:
        await alex.says("/start")
        await alex.sees("Something went wrong on this side")
        await house.store._database.rows("ALTER TABLE gone RENAME TO scopes")
        await alex.says("/start")
        await alex.sees("Dosirak")


async def test_a_command_is_written_down(house: House, learner: Member) -> None:
    """For the operator's audit: who, where, what."""
    await learner.says("echo 기록")
    await learner.sees("✓")
    (entry,) = await audit_lines(house.store)
    assert (entry.scope, entry.user_id, entry.command) == (Scope(1001), 1001, "echo 기록")
