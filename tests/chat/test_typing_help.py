"""Help with typing on a phone, through the chat with a real bash."""

from __future__ import annotations

import asyncio

from tests.chat.conftest import House
from tests.chatclient import Member

GROUP = -1001000000001


async def test_a_corrected_command_runs_again(learner: Member) -> None:
    """The last one; its own message is corrected, and may be corrected once more."""
    said = await learner.says("ehco 하나")
    await learner.sees("✗ 종료 코드 127")
    await learner.edits(said, "echo 하나")
    await learner.sees("\n하나\n")
    await learner.edits(said, "echo 둘")
    await learner.sees("\n둘\n")


async def test_an_older_or_unchanged_message_runs_nothing(learner: Member) -> None:
    """Telegram tells of edits too that change no word."""
    older = await learner.says("echo 하나")
    await learner.sees("✓")
    newer = await learner.says("echo 둘")
    await learner.sees("✓")
    count = len(learner.messages)
    await learner.edits(older, "echo 셋")
    await learner.edits(newer, "echo 둘 ")
    await asyncio.sleep(0.3)
    assert len(learner.messages) == count and not learner.shows("\n셋\n")


async def test_an_image_of_the_list_is_corrected_as_it_was_run(learner: Member) -> None:
    """`/run` is the bot's command, not the shell's; so is any other that the message is changed to."""
    said = await learner.says("/run --rm diamol/ch02-hello-diamol echo ho")
    await learner.sees("✗")
    await learner.edits(said, "/run --rm diamol/ch02-hello-diamol echo hi")
    await learner.sees_where(lambda seen: "diamol echo hi" in seen.text and "✗" in seen.text, "the corrected command")
    count = len(learner.messages)
    await learner.edits(said, "/steps")
    await asyncio.sleep(0.3)
    assert len(learner.messages) == count


async def test_a_correction_while_it_runs_is_told_to_wait(learner: Member) -> None:
    """It is not typed into the program."""
    said = await learner.says("cat")
    await learner.sees("⏳ 실행 중")
    await learner.edits(said, "cat -n")
    await learner.sees("아직 다른 명령이 실행 중이에요")


async def test_a_group_corrects_with_sh_too(house: House) -> None:
    """Only who sent a command corrects it, and `/sh` is no part of it."""
    async with Member(house.url, 1002, chat=GROUP) as member:
        said = await member.says("/sh ehco 하나")
        await member.sees("127")
        await member.edits(said, "/sh echo 하나")
        await member.sees("\n하나\n")


async def test_old_commands_come_back(house: House, learner: Member) -> None:
    """Each once, the newest first, also after a restart; its button runs it."""
    for command in ("echo 하나", "echo 둘", "echo 하나"):
        await learner.says(command)
        await learner.sees("✓")
    await house.restart()
    await learner.says("/history")
    listed = await learner.sees("최근 명령")
    assert listed.text.splitlines()[1:] == ["1  echo 하나", "2  echo 둘"]
    await learner.presses("2", on=listed)
    await learner.sees("$ echo 둘\n둘\n")


async def test_nobodys_history_is_empty_or_anothers(house: House, learner: Member) -> None:
    """A list is of its own conversation alone."""
    await learner.says("echo 비밀")
    await learner.sees("✓")
    async with Member(house.url, 1002) as other:
        await other.says("/history")
        await other.sees("아직 실행한 명령이 없어요")
        message = await other.sees("아직")
        query = (await other.call("press", chat=other.chat, message=message.id, data="v1:recall:1"))["query"]
        assert "없는 버튼" in (await other.sees_toast(str(query))).text


async def test_the_size_is_chosen_and_kept(house: House, learner: Member) -> None:
    """By a word or a button, for the shell that runs and after a restart."""
    await learner.says("/size wide")
    await learner.sees("넓게")
    await learner.says("stty size")
    await learner.sees("\n30 140\n")
    await house.restart()
    await learner.says("stty size")
    await learner.sees("\n30 140\n")
    await learner.says("/size")
    card = await learner.sees("📐 터미널 크기 · 넓게")
    await learner.presses("좁게", on=card)
    assert (await learner.sees("📐 터미널 크기 · 좁게")).id == card.id
    await learner.says("stty size")
    await learner.sees("\n20 40\n")


async def test_sh_works_everywhere(learner: Member) -> None:
    """Also where it is not needed, with a heredoc, and with what a phone made of quotes and dashes."""
    await learner.says("/sh cat <<END | wc —lines\n“하나”\n둘\nEND")
    await learner.sees("고쳤어요")
    await learner.sees("\n2\n")


async def test_what_a_phone_made_of_a_command_is_put_right_in_an_inner_shell_too(learner: Member) -> None:
    """A program that asks for a text gets it as it was written."""
    await learner.says("PS1='/ # ' bash --noprofile --norc -i")
    await learner.sees("/ # ▌")
    await learner.says("echo “하나 둘”")
    await learner.sees("고쳤어요")
    await learner.sees("\n하나 둘\n")
    await learner.says("read -p '말: ' x; echo \"<$x>\"")
    await learner.sees("말: ▌")
    await learner.says("“하나”")
    await learner.sees("<“하나”>")
    await learner.presses("⏏ exit")
    await learner.sees("✓")
