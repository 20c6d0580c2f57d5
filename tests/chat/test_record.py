"""/record, through the chat with a real bash."""

from __future__ import annotations

import json

from tests.chatclient import Member


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
    file = await learner.sees_file("document")
    assert file.shape["document"]["file_name"] == "dosirak.cast"
    cast = (await learner.opens(file.shape["document"]["file_id"])).decode()
    header, *events = map(json.loads, cast.splitlines())
    shown = "".join(text for _, kind, text in events if kind == "o")
    assert header["version"] == 3 and "비밀번호: " in shown and "길이 10" in shown
    assert "s3cret" not in cast
