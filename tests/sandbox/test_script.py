"""Scripts beside the shell: how steps are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.lab import Lab
from bot.sandbox.script import OUTPUT_LIMIT
from bot.settings import Settings
from deploy.host.engine_api import ask
from tests.sandbox.kit import eventually, reading

pytestmark = pytest.mark.engine


async def test_a_script_gives_its_exit_code_its_words_and_sees_its_environment(lab: Lab) -> None:
    """Output and errors come together, as UTF-8."""
    result = await lab.run_script('echo "$LUNCH"; echo no >&2; exit 3', environment={"LUNCH": "도시락"})
    assert result.exit_code == 3
    assert sorted(result.output.split()) == ["no", "도시락"]


async def test_a_script_that_hangs_is_killed(lab: Lab) -> None:
    """Its code is that of timeout(1), and nothing of it runs on."""
    result = await lab.run_script("echo before; exec sleep 1000.25", timeout=0.3)
    assert result.timed_out and result.output == "before\n"
    assert (await lab.run_script("grep -l 1000.25 /proc/[0-9]*/cmdline | grep -v self | wc -l")).exit_code == 0


async def test_a_script_that_will_not_end_has_timed_out_and_one_that_is_killed_has_not(lab: Lab) -> None:
    """Both end by SIGKILL: one because its time was over, the other because of its memory, say."""
    assert (await lab.run_script("trap '' TERM; while :; do :; done", timeout=0.3)).timed_out
    killed = await lab.run_script("kill -KILL $PPID", timeout=20)
    assert killed.exit_code == 137 and not killed.timed_out


async def test_of_a_long_output_the_end_is_kept(lab: Lab) -> None:
    """The last line says why a check failed, so it must survive."""
    result = await lab.run_script("head -c 300000 /dev/zero | tr '\\0' x; echo; echo reason")
    assert len(result.output) == OUTPUT_LIMIT
    assert result.output.endswith("x\nreason\n")


async def test_a_script_opens_an_exited_shell_first(lab: Lab) -> None:
    """A learner who typed `exit` can still press Check."""
    await lab.shell.write(b"exit\n")
    await eventually(lambda: not lab.shell.alive)
    assert (await lab.run_script("echo fine")).output == "fine\n"


async def test_a_script_that_comes_with_the_end_of_the_shell_runs_in_the_next_one(lab: Lab, settings: Settings) -> None:
    """The engine knows it already, and the shell cannot have read it: this call lets nobody else run."""
    async with reading(lab) as shell:
        await shell.sees("\x1b]133;B\x07")
        ask(Path(settings.engine.removeprefix("unix://")), "POST", f"/v1.41/containers/toolbox-{lab.id}/stop?t=0")
        assert (await lab.run_script("echo fine")).output == "fine\n"
        await shell.runs("echo typed")
    assert shell.ended == [137]
