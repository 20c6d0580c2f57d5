"""How a program that runs is left: by the buttons that it understands, and what is said about them."""

from __future__ import annotations

from tests.chat.conftest import House
from tests.chatclient import Member, Seen

GROUP = -1001000000001


def labels(seen: Seen) -> list[str]:
    return [str(button["text"]) for button in seen.buttons]


async def test_exit_is_offered_to_a_shell_only(learner: Member) -> None:
    """Python would take the word for a name and stay: it is left by the end of its input."""
    await learner.says("PS1='/ # ' bash --noprofile --norc -i")
    assert "⏏ exit" in labels(await learner.sees("/ # ▌"))
    await learner.says("python3 -q")
    inside = await learner.sees(">>> ▌")
    assert "⏏ exit" not in labels(inside)
    await learner.presses("Ctrl-D", on=inside)
    await learner.presses("⏏ exit", on=await learner.sees("/ # ▌"))
    await learner.sees("✓")


async def test_a_command_that_is_not_complete_asks_for_its_rest(learner: Member) -> None:
    """Nothing runs yet that could be left: the rest may be sent, or Ctrl-C takes all back."""
    await learner.says("cat <<끝")
    asked = await learner.sees("> ▌")
    assert "명령이 아직 끝나지 않았어요" in asked.text
    assert labels(asked) == ["⏹ Ctrl-C", "⌨ 키"]
    await learner.says("한 줄\n끝")
    await learner.sees("\n한 줄\n✓")
    await learner.says("echo 'a")
    await learner.presses("⏹ Ctrl-C", on=await learner.sees("> ▌"))
    await learner.sees("130")


async def test_a_group_is_told_that_a_reply_is_the_input(house: House) -> None:
    """Only an answer to the program's message reaches it there."""
    async with Member(house.url, 1002, chat=GROUP) as member:
        await member.says("/sh read -p '이름? ' name; printf '\\e[?1049h'; read -rsn1")
        await member.sees("이 메시지에 답장하면 그대로 입력됩니다")
        await member.says("하늘", reply_to=await member.sees("이름? ▌"))
        await member.sees("답장하는 글이 엔터 없이 그대로 입력돼요")


async def test_stop_reaches_a_program_that_has_long_input_unread(learner: Member) -> None:
    """The Ctrl-C would wait behind it for ever; and none of the lines is run as a command afterwards."""
    await learner.says("sleep 1000")
    await learner.sees("⏳ 실행 중")
    for _ in range(3):
        said = await learner.says("touch unread\n" * 200)
        await learner.sees_where(lambda seen, said=said: seen.id > said.id and "touch" in seen.text, "its echo")
    await learner.presses("⏹ Ctrl-C")
    await learner.sees("130")
    await learner.says("ls unread")
    await learner.sees("✗ 종료 코드 2")


async def test_who_cannot_stop_a_container_is_shown_where(learner: Member) -> None:
    """Its first process does not hear Ctrl-C. The list comes below, and the command's own message stays."""
    await learner.says("docker() { (trap '' INT; sleep 30); }")
    await learner.sees("✓")
    await learner.says("docker run diamol/base sleep 30")
    await learner.presses("⏹ Ctrl-C", on=await learner.sees("⏳ 실행 중"))
    running = await learner.sees("Ctrl-C에 반응하지 않아요")
    await learner.presses("📦 내 컨테이너", on=running)
    await learner.sees("📦 컨테이너가 없어요")
    await learner.says("exit", reply_to=running)
    await learner.sees("Ctrl-C에 반응하지 않아요")
    kept = learner.now(running) or await learner.sees("$ docker run")
    assert kept is not None and kept.text.startswith("$ docker run")


async def test_a_program_that_prints_nothing_is_said_to_take_input(learner: Member) -> None:
    """After a while, since it may be one that computes; what is sent then reaches it, and the end of input ends it."""
    await learner.says("cat")
    assert "입력" not in (await learner.sees("⏳ 실행 중")).text
    quiet = await learner.sees("⏳ 실행 중\n⌨ 보내는 메시지는 이 프로그램의 입력이 돼요")
    assert labels(quiet) == ["⏹ Ctrl-C", "Ctrl-D", "⌨ 키"]
    await learner.says("안녕")
    await learner.presses("Ctrl-D", on=await learner.sees("\n안녕\n안녕\n⏳ 실행 중\n⌨"))
    await learner.sees("\n안녕\n안녕\n✓")
