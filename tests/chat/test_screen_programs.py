"""Programs that take the whole screen or read single keys, used through the chat with a real bash."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from bot.terminal.colours import indexed
from tests.chatclient import Member


async def test_a_full_screen_program_has_a_phones_size(learner: Member) -> None:
    """The pty shrinks when the whole screen is taken, and has its old size for the next command."""
    await learner.says("printf '\\e[?1049h\\e[H'; sleep 0.3; read -rsn1; stty size; read -rsn1")
    await learner.sees_button(":wq")
    await learner.says("x")
    await learner.sees("20 40")
    await learner.says("x")
    await learner.sees("✓")
    await learner.says("stty size")
    await learner.sees("\n24 80\n")


async def test_single_keys_are_chosen_by_hand(learner: Member) -> None:
    """For a program that reads keys and never said so; then lines again, and one Ctrl key from its own page."""
    await learner.says("stty -icanon -echo -isig; cat -v; stty sane")
    await learner.presses("⌨ 키")
    await learner.sees("엔터 없이 그대로 입력돼요")
    await learner.says("q")
    await learner.sees("\nq")
    await learner.presses("Ctrl+")
    await learner.presses("^X")
    await learner.sees("q^X")
    await learner.presses("⌨ 줄로")
    await learner.sees_where(lambda seen: seen.button("⌨ 키"), "lines")
    await learner.presses("⌨ 키")
    await learner.presses("Ctrl-D")
    await learner.sees("q^X^D")
    await learner.presses("Ctrl-C")
    await learner.sees("^C")


async def test_a_long_text_for_a_full_screen_program_is_a_paste(learner: Member) -> None:
    """Between the brackets that the program asked for, so that its keys are not pressed by it."""
    await learner.says("printf '\\e[?1049h\\e[?2004h'; stty raw -echo; head -c 18 | cat -v; sleep 0.5; stty sane")
    await learner.sees_button(":wq")
    await learner.says("a\nb줄")
    await learner.sees("^[[200~a^Mb")


async def test_the_screen_comes_down_when_the_talk_has_gone_on(learner: Member) -> None:
    """A key pressed on a screen that has scrolled away brings it below the newest message."""
    await learner.says("printf '\\e[?1049h'; while read -rsn1 key; do echo \"<$key>\"; done")
    screen = await learner.sees_button(":wq")
    await learner.says("/help")
    helped = await learner.sees("도움말")
    await learner.presses("PgUp", on=screen)
    seen = await learner.sees("<~>")
    assert seen.id > helped.id
    await learner.presses("Ctrl-C", on=seen)
    await learner.sees("130")


async def test_a_running_screen_has_a_picture(learner: Member) -> None:
    """Of what is on it at that moment, with its colours; the program runs on, and its screen stays where it is."""
    await learner.says(
        "printf '\\e[?1049h\\e[H\\e[41m도시락\\e[0m'; read -r word; printf '\\e[H\\e[2J\\e[42mx'; read -r word"
    )
    first = await learner.sees_button(":wq")
    red = await pictured(learner)
    await learner.presses("⏎")
    await learner.sees("x▌")
    green = await pictured(learner)
    assert indexed(1) in red and indexed(1) not in green and indexed(2) in green
    await learner.presses("⏎", on=learner.now(first))
    await learner.sees("✓")


async def pictured(learner: Member) -> set[object]:
    """The colours of the picture that a tap brings."""
    await learner.presses("🖼 그림")
    file = await learner.sees_file("photo")
    picture = Image.open(BytesIO(await learner.opens(file.shape["photo"][-1]["file_id"]))).convert("RGB")
    return {colour for _, colour in picture.getcolors(2**20) or ()}
