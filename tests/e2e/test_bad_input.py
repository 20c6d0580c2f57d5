"""Whatever a person sends, a kind answer comes, and the next command still works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.richtext import MAX_UNITS
from deploy.host.temporary import EngineHost
from tests.chatclient import Member, Refusal, Seen
from tests.e2e.house import House, house

pytestmark = pytest.mark.engine

LEARNER, OTHER = 1001, 1002
GROUP = -1001000000001
PATIENCE = 20.0
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000500010d0a2db40000000049454e44ae426082"
)


@pytest.fixture(scope="module")
async def dosirak(engine_host: EngineHost) -> AsyncIterator[House]:
    """One bot for all of them: nothing that anybody sends may break it."""
    async with house(engine_host) as place, place.running():
        yield place


@pytest.fixture
async def learner(dosirak: House) -> AsyncIterator[Member]:
    """A learner in the middle of a conversation; afterwards a command still works."""
    async with dosirak.member(LEARNER) as member:
        yield member
        await still_works(member)


async def at_the_first_step(member: Member) -> Seen:
    """The message of step 1, by a deep link."""
    await member.says("/start ch02-hello")
    return await member.sees("1장 · 1/", timeout=PATIENCE)


async def still_works(member: Member) -> None:
    await ended(member, await member.says("echo $((6 * 7))"), "42")


async def ended(member: Member, said: Seen, piece: str) -> Seen:
    """The terminal message below `said` has ended with `piece` in it."""
    return await member.sees_where(
        lambda seen: seen.id > said.id and piece in seen.text and seen.button("🔁 다시"), piece, timeout=PATIENCE
    )


async def test_an_unknown_command_points_to_help(learner: Member) -> None:
    """A word after a slash that is nobody's."""
    await learner.says("/dance")
    await learner.sees("💬 모르는 명령이에요. /help", timeout=PATIENCE)


async def test_a_path_is_a_command(learner: Member) -> None:
    """What starts with a slash may be a program."""
    await ended(learner, await learner.says("/bin/echo hello"), "hello")


async def test_a_mistyped_command_is_answered_by_the_shell(learner: Member) -> None:
    """And by the bot, in words."""
    said = await learner.says("dokcer ps")
    shown = await ended(learner, said, "command not found")
    assert "✗ 종료 코드 127" in shown.text and "철자를 확인해 보세요" in shown.text


async def test_a_sentence_in_place_of_a_tap_points_to_a_step(learner: Member) -> None:
    """A question goes to the step that explains it, and never to the shell."""
    await at_the_first_step(learner)
    await learner.says("컨테이너가 뭐예요?")
    await learner.sees("💬 여기서 보낸 글은 터미널로 가요", timeout=PATIENCE)
    assert not learner.shows("$ 컨테이너가")


async def test_a_tap_on_an_old_message_offers_both_ways(learner: Member) -> None:
    """The old step's next, or where the learner is."""
    first = await at_the_first_step(learner)
    await learner.presses("다음 ▶", on=first)
    second = await learner.sees("1장 · 2/", timeout=PATIENCE)
    await learner.presses("다음 ▶", on=second)
    await learner.sees("1장 · 3/", timeout=PATIENCE)
    await learner.presses("다음 ▶", on=first)
    offer = await learner.sees("🕘 지난 메시지의 버튼이에요", timeout=PATIENCE)
    assert [button["text"] for button in offer.buttons] == ["2단계 열기", "3단계 열기"]


async def test_a_button_of_nobodys_is_answered(learner: Member) -> None:
    """A tap whose data no version of this bot has written: the waiting ends with a word."""
    message = await at_the_first_step(learner)
    answer = await learner.call("press", chat=learner.chat, message=message.id, data="old:button:of:2019")
    toast = await learner.sees_toast(str(answer["query"]), timeout=PATIENCE)
    assert "지금은 없는 버튼이에요" in toast.text


async def test_a_double_tap_moves_once(learner: Member) -> None:
    """Next, twice in a row, shows one step."""
    first = await at_the_first_step(learner)
    queries = [await learner.presses("다음 ▶", on=first) for _ in range(2)]
    toasts = [await learner.sees_toast(query, timeout=PATIENCE) for query in queries]
    assert [toast.text for toast in toasts] == ["", "이미 그 단계에 있어요."]
    await learner.sees("1장 · 2/", timeout=PATIENCE)
    assert not any("1장 · 3/" in seen.text and seen.id > first.id for seen in learner.messages)


async def test_a_double_run_runs_once(learner: Member) -> None:
    """The second tap is told that the first is still at work."""
    step = await at_the_first_step(learner)
    first, second = [await learner.presses("▶ 실행", on=step) for _ in range(2)]
    assert "아직 다른 명령이 실행 중이에요" in (await learner.sees_toast(second, timeout=PATIENCE)).text
    assert (await learner.sees_toast(first, timeout=PATIENCE)).text == ""
    await ended(learner, step, "Hello from Chapter 2!")
    assert sum(seen.id > step.id and seen.text.startswith("$") for seen in learner.messages) == 1


async def test_two_people_tap_at_once(dosirak: House) -> None:
    """One command runs in the group's lab, the other waits and is told so; each message says whose it is."""
    async with dosirak.member(LEARNER, chat=GROUP) as haneul, dosirak.member(OTHER, chat=GROUP) as minjun:
        await haneul.says("/start ch02-hello")
        step = await minjun.sees_button("▶ 실행", timeout=PATIENCE)
        queries = await asyncio.gather(haneul.presses("▶ 실행", on=step), minjun.presses("▶ 실행", on=step))
        for person, query in zip((haneul, minjun), queries, strict=True):
            await person.sees_toast(query, timeout=PATIENCE)
        for name in ("하늘", "민준"):
            whose = f"👥 {name}: $ docker container run"
            await minjun.sees_where(
                lambda seen, whose=whose: seen.text.startswith(whose) and "✓" in seen.text, whose, timeout=PATIENCE
            )


async def test_the_longest_message_is_typed_whole(learner: Member) -> None:
    """4,096 units: the shell gets every one of them."""
    line = "echo " + "a" * (MAX_UNITS - len("echo  | wc -c")) + " | wc -c"
    assert len(line) == MAX_UNITS
    await ended(learner, await learner.says(line), str(MAX_UNITS - len("echo  | wc -c") + 1))


async def test_nothing_can_be_sent_as_nothing(learner: Member) -> None:
    """Telegram itself refuses empty and blank messages; the bot hears nothing of them."""
    for text in ("", "   ", "\n\n"):
        with pytest.raises(Refusal, match="message text is empty"):
            await learner.says(text)


async def test_what_looks_blank_runs_nothing(learner: Member) -> None:
    """A message of an invisible letter."""
    await learner.says("\u2800\u3164")
    await learner.sees("💬", timeout=PATIENCE)


async def test_a_sticker_a_photo_and_a_document_get_a_word(learner: Member) -> None:
    """The bot reads text, and says so each time."""
    await learner.sends_sticker("🍱")
    await learner.sees("💬 글로 된 메시지만 읽을 수 있어요", timeout=PATIENCE)
    await learner.sends("photo", "lunch.png", PNG, "docker ps")
    await learner.sees("💬 글로 된 메시지만 읽을 수 있어요", timeout=PATIENCE)
    await learner.sends("document", "Dockerfile", b"FROM diamol/base\n")
    await learner.sees("💬 글로 된 메시지만 읽을 수 있어요", timeout=PATIENCE)


async def test_only_the_last_command_runs_again_when_it_is_corrected(learner: Member) -> None:
    """An older message that is edited is for its readers alone."""
    older = await learner.says("echo once")
    await ended(learner, older, "once")
    said = await learner.says("ehco last")
    await ended(learner, said, "ehco")
    await learner.edits(older, "echo twice")
    await learner.edits(said, "echo last")
    await ended(learner, said, "last")
    assert not learner.shows("twice\n")


async def test_many_messages_at_once_are_taken_in_order(learner: Member) -> None:
    """What is sent while a command runs is its input, as in any terminal; none is lost."""
    said = await learner.says("cat")
    await learner.sees("⏳ 실행 중", timeout=PATIENCE)
    words = ["하나", "둘", "셋"]
    for word in words:
        await learner.says(word)
    await learner.sees_where(lambda seen: seen.text.splitlines().count("셋") == 2, "셋, twice", timeout=PATIENCE)
    await learner.presses("⏹ Ctrl-C")
    shown = await ended(learner, said, "셋")
    lines = [line for line in shown.text.splitlines() if line in words]
    # The terminal's echo and what cat prints: a line may be echoed before cat has printed the one before it.
    assert [lines.count(word) for word in words] == [2, 2, 2]
    assert sorted(words, key=lines.index) == sorted(words, key=lines[::-1].index, reverse=True) == words
