"""The lab's terminal, byte by byte, on the real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.shell import MOST_UNREAD
from tests.sandbox.kit import eventually, reading

pytestmark = pytest.mark.engine


async def test_a_typed_line_is_echoed_run_and_marked(lab: Lab) -> None:
    """The first prompt is there without a key pressed; the exit code stands in the mark after the output."""
    async with reading(lab) as shell:
        printed = await shell.runs("echo $((6 * 7)); false")
        assert printed == "42\r\n"
        assert (await shell.sees("\x07")).startswith("1")


async def test_resizing_is_seen_inside(lab: Lab) -> None:
    """Columns and rows arrive in this order."""
    async with reading(lab) as shell:
        await lab.shell.resize(40, 20)
        assert await shell.runs("stty size") == "20 40\r\n"


async def test_an_exited_shell_starts_again_with_the_next_line(host: SandboxHost, lab: Lab) -> None:
    """`exit` is told after its last output, and typing goes on in a new bash of the same size."""
    async with reading(lab) as shell:
        await lab.shell.resize(60, 15)
        await shell.sees("\x1b]133;B\x07")
        await lab.shell.write(b"exit 3\n")
        await eventually(lambda: shell.ended == [3])
        assert not lab.shell.alive
        shell.text = ""
        await lab.shell.write(b"stty size\n")
        assert "15 60" in await shell.sees("\x1b]133;D;")
        assert lab.shell.alive


async def test_a_flood_waits_for_its_reader(lab: Lab) -> None:
    """With nobody reading, `yes` stands still and the bot keeps a few chunks, no more; Ctrl-C still arrives."""
    await lab.shell.write(b"yes\n")
    before = _resident()
    await asyncio.sleep(0.5)
    assert _resident() - before < 16 * MOST_UNREAD
    await lab.shell.write(b"\x03")
    async with reading(lab) as shell:
        await shell.sees("^C")
        await shell.sees("\x1b]133;D;130")


async def test_the_end_of_a_shell_that_nobody_reads_is_seen(lab: Lab) -> None:
    """It says little, in many pieces; a script finds the next shell."""
    await lab.shell.write(b"".join(b"echo %d; sleep 0.01\n" % number for number in range(30)) + b"exit\n")
    await eventually(lambda: not lab.shell.alive)
    assert (await lab.run_script("echo again")).output == "again\n"


async def test_an_interrupt_behind_unread_lines_gets_through(lab: Lab) -> None:
    """The pty's line buffer is full of what the program does not read: none of it is run afterwards, either."""
    async with reading(lab) as shell:
        await shell.sees("\x1b]133;B\x07")
        await lab.shell.write(b"sleep 1000\n")
        await shell.sees("\x1b]133;C\x07")
        await lab.shell.write((b"touch unread\n" * 1000) + b"\x03")
        await asyncio.sleep(0.5)
        assert "^C" not in shell.text and "133;D" not in shell.text
        await lab.shell.drain()
        await shell.sees("^C")
        await shell.sees("\x1b]133;D;130")
        assert await shell.runs("ls") == ""


async def test_what_is_typed_at_the_prompt_is_not_thrown_away(lab: Lab) -> None:
    """The program may have ended before anybody saw it: what stands at the prompt then is the next command."""
    async with reading(lab) as shell:
        await shell.sees("\x1b]133;B\x07")
        await lab.shell.write(b"echo $((6 * 7")
        await shell.sees("echo")
        await lab.shell.drain()
        await lab.shell.write(b"))\n")
        await shell.sees("42")


async def test_closing_ends_the_output(host: SandboxHost, lab: Lab) -> None:
    """Who follows the shell of a closed lab is not left waiting."""
    following = asyncio.ensure_future(_all_of(lab))  # noqa: TID251 - awaited three lines below
    await asyncio.sleep(0)
    await host.labs.close(lab.id)
    await asyncio.wait_for(following, 5)


async def _all_of(lab: Lab) -> None:
    async for _ in lab.shell.output():
        pass


def _resident() -> int:
    """This process's memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
