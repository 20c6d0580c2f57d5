"""/record, through the chat with a real bash."""

from __future__ import annotations

from bot.identity import Scope
from tests.chat.conftest import House
from tests.chatclient import Member
from tests.terminal import asciicast


async def test_a_session_is_given_as_a_file(learner: Member) -> None:
    """What was shown is in it; what was typed at a hidden prompt is not."""
    await learner.says("/record")
    await learner.sees("아직 녹화된 것이 없어요")
    await learner.says("read -rsp '비밀번호: ' x; echo; echo 길이 ${#x}")
    await learner.sees("입력을 기다려요")
    await learner.says("s3cret-도시락")
    await learner.sees("길이 10")
    await learner.sees("✓")
    await learner.says("/record")
    cast = await recorded(learner)
    assert "비밀번호: " in cast and "길이 10" in cast
    assert "s3cret" not in cast


async def test_a_recording_goes_on_when_the_lab_has_rested(house: House, learner: Member) -> None:
    """It comes back with another shell; another lab, after starting over, has a recording of its own."""
    await learner.says("echo 하나")
    await learner.sees("✓")
    record = await house.store.labs.of(Scope(learner.chat))
    assert record is not None
    await house.labs.park(record.lab_id)
    await learner.says("echo 둘")
    await learner.sees("\n둘\n✓")
    await learner.says("/record")
    cast = await recorded(learner)
    assert "하나" in cast and "둘" in cast
    await learner.says("/reset")
    await learner.presses("🧹")
    await learner.sees("정리했어요")
    await learner.says("echo 셋")
    await learner.sees("✓")
    await learner.says("/record")
    cast = await recorded(learner)
    assert "하나" not in cast and "셋" in cast


async def recorded(learner: Member) -> str:
    """The file that the bot gives."""
    file = await learner.sees_file("document")
    assert file.shape["document"]["file_name"] == "dosirak.cast"
    content = await learner.opens(file.shape["document"]["file_id"])
    asciicast.read(content)
    return content.decode()
