"""Scripts beside the shell: how steps are checked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.engine import Engine
from bot.sandbox.lab import Lab
from bot.sandbox.names import toolbox_name
from bot.sandbox.script import OUTPUT_LIMIT, Scripts
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


WAITER = "cut -d' ' -f4 /proc/$PPID/stat"
"""The bash that took this script: the parent of timeout(1), which is the script's own."""


async def test_scripts_that_follow_each_other_share_a_bash_and_nothing_else(lab: Lab) -> None:
    """The second is spared the start of a process in the container, and does not see what the first one set."""
    first = await lab.run_script(f"lunch=rice; cd /tmp; echo $A; {WAITER}", environment={"A": "'1' 2"})
    second = await lab.run_script(f"echo ${{lunch:-none}} ${{A:-none}} $PWD; {WAITER}")
    assert first.output.splitlines()[0] == "'1' 2" and second.output.splitlines()[0] == "none none /root"
    assert first.output.splitlines()[1] == second.output.splitlines()[1]


async def test_scripts_at_the_same_time_each_have_their_own_output(lab: Lab) -> None:
    """Somebody presses Check while a command's own check runs."""
    results = await asyncio.gather(*(lab.run_script(f"echo {n}; sleep 0.2; echo {n}; exit {n}") for n in range(4)))
    assert [(result.exit_code, result.output) for result in results] == [(n, f"{n}\n{n}\n") for n in range(4)]


async def test_a_bash_that_was_killed_between_two_scripts_is_replaced(lab: Lab) -> None:
    """A learner is root in the toolbox."""
    pid = (await lab.run_script(WAITER)).output.strip()
    async with reading(lab) as shell:
        await shell.runs(f"kill -KILL {pid}; while [ -e /proc/{pid}/exe ]; do sleep 0.1; done")
    assert (await lab.run_script("echo fine")).output == "fine\n"


async def test_what_a_script_leaves_running_does_not_hold_it_up_and_its_words_do_not_end_the_next(lab: Lab) -> None:
    """Only a script's own end counts."""
    late = "until [ -e go ]; do sleep 0.05; done; echo late; echo later; touch over"
    first = await lab.run_script(f"({late}) & echo first; exit 3")
    assert (first.exit_code, first.output) == (3, "first\n")
    second = await lab.run_script("touch go; until [ -e over ]; do sleep 0.05; done; echo second; exit 4")
    assert second.exit_code == 4 and second.output.splitlines()[-1] == "second"


async def test_no_bash_waits_for_ever(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner who reads on has the memory for their containers."""
    monkeypatch.setattr("bot.sandbox.script.KEPT_SECONDS", 0.2)
    pid = (await lab.run_script(WAITER)).output.strip()
    async with reading(lab) as shell:
        assert "gone" in await shell.runs(f"while [ -e /proc/{pid}/exe ]; do sleep 0.1; done; echo gone")


async def test_as_many_bashes_wait_on_the_host_as_an_eighth_of_the_kernels_keys(
    lab: Lab, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes a key as a container does; one that may not wait ends with its script, which lacks nothing."""
    monkeypatch.setattr("bot.sandbox.script.KEPT_SECONDS", 600.0)
    (tmp_path / "maxkeys").write_text("16\n")
    monkeypatch.setattr("bot.sandbox.turns.MAX_KEYS", tmp_path / "maxkeys")
    engine = Engine(Path(settings.engine.removeprefix("unix://")))
    toolbox = (await engine.inspect(toolbox_name(lab.id)))["Id"]
    first, second, third = (Scripts(engine, toolbox) for _ in range(3))
    pids = [(await one.run(WAITER, environment={}, timeout=20)).output.strip() for one in (first, second, third)]
    async with reading(lab) as shell:
        there = f"for pid in {' '.join(pids)}; do [ -e /proc/$pid/exe ] && echo yes; done"
        assert not engine.turns.keep()
        await shell.runs(f"while [ -e /proc/{pids[2]}/exe ]; do sleep 0.1; done")
        assert (await shell.runs(there)).count("yes") == 2
    for scripts in (first, second, third):
        scripts.close()
    assert [engine.turns.keep() for _ in range(3)] == [True, True, False]
    await engine.close()


async def test_a_script_that_comes_with_the_end_of_the_shell_runs_in_the_next_one(lab: Lab, settings: Settings) -> None:
    """The engine knows it already, and the shell cannot have read it: this call lets nobody else run."""
    async with reading(lab) as shell:
        await shell.sees("\x1b]133;B\x07")
        ask(Path(settings.engine.removeprefix("unix://")), "POST", f"/v1.41/containers/toolbox-{lab.id}/stop?t=0")
        assert (await lab.run_script("echo fine")).output == "fine\n"
        await shell.runs("echo typed")
    assert shell.ended == [137]
