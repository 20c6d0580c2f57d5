"""The promised commands, typed with each official CLI on a real engine through the gate."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.guard.refusals import SENTENCES
from deploy.host.temporary import EngineHost
from tests.gate.support import CLIS, HandMadeLab, on_engine, until

pytestmark = [pytest.mark.engine, pytest.mark.parametrize("cli", CLIS)]

BASE, HELLO, WEB = "diamol/base", "diamol/ch02-hello-diamol", "diamol/ch02-hello-diamol-web"


async def test_the_first_run_prints_a_pull_and_the_second_does_not(lab_a: HandMadeLab, cli: str) -> None:
    """As the chapter tells it: whether the engine has the image already or not."""
    first = await lab_a.docker("container", "run", "--rm", HELLO, cli=cli)
    assert first.code == 0 and "Hello from Chapter 2!" in first.out
    said = first.err.splitlines()
    assert said[0] == f"Unable to find image '{HELLO}:latest' locally" and said[1] == f"latest: Pulling from {HELLO}"
    assert said[-1] == f"Status: Downloaded newer image for {HELLO}:latest" and said[-2].startswith("Digest: sha256:")
    assert len(said) > 4
    second = await lab_a.docker("container", "run", "--rm", HELLO, cli=cli)
    assert second.code == 0 and second.err == "" and second.out != first.out


async def test_run_shows_the_container_as_docker_does(lab_a: HandMadeLab, cli: str) -> None:
    """Case H170: name, image as written, virtual port; inspect, port and format agree."""
    identity = await lab_a.ok(
        "run", "-d", "--name", "shop", "-p", "8088:80", "-e", "A=b", "--label", "x=y", WEB, cli=cli
    )
    assert lab_a.observer.started == [(lab_a.owner.lab, identity)]
    shown = "{{.ID}} {{.Image}} {{.Ports}} {{.Names}}"
    assert await lab_a.ok("ps", "--format", shown, cli=cli) == f"{identity[:12]} {WEB} 0.0.0.0:8088->80/tcp shop"
    assert await lab_a.ok("port", "shop", cli=cli) == "80/tcp -> 0.0.0.0:8088"
    (item,) = json.loads(await lab_a.ok("inspect", "shop", cli=cli))
    assert (
        item["Name"] == "/shop" and item["Config"]["Hostname"] == identity[:12] and item["Config"]["Labels"]["x"] == "y"
    )
    assert item["HostConfig"]["NetworkMode"] == "default" and list(item["NetworkSettings"]["Networks"]) == ["bridge"]
    assert "dosirak" not in json.dumps(item) and "/tmp/" not in json.dumps(item)
    await lab_a.ok("stop", "-t", "1", "shop", cli=cli)
    assert await lab_a.ok("ps", "-a", "--format", "{{.Ports}}", cli=cli) == ""
    await lab_a.ok("rm", "shop", cli=cli)
    assert lab_a.observer.gone == [(lab_a.owner.lab, identity)] * 2


async def test_a_port_in_use_is_dockers_error_with_its_exit_code(lab_a: HandMadeLab, cli: str) -> None:
    """And the second container stays, created, as Docker leaves it."""
    await lab_a.ok("run", "-d", "--name", "one", "-p", "8088:80", BASE, "sleep", "60", cli=cli)
    ran = await lab_a.docker("run", "-d", "--name", "two", "-p", "8088:80", BASE, "sleep", "60", cli=cli)
    assert ran.code == 125
    assert "driver failed programming external connectivity on endpoint two (" in ran.err
    assert "Bind for 0.0.0.0:8088 failed: port is already allocated" in ran.err
    assert await lab_a.ok("ps", "-a", "-f", "name=two", "--format", "{{.Status}}", cli=cli) == "Created"
    await lab_a.ok("rm", "-f", "one", cli=cli)
    await lab_a.ok("start", "two", cli=cli)
    await lab_a.ok("rm", "-f", "two", cli=cli)


async def test_of_two_starts_at_once_one_gets_the_port(lab_a: HandMadeLab, cli: str) -> None:
    """Reserving a port and starting are one step in a lab."""
    lab_a.has(BASE)
    words = ("-d", "-p", "8088:80", BASE, "sleep", "60")
    both = await asyncio.gather(*(lab_a.docker("run", "--name", name, *words, cli=cli) for name in ("one", "two")))
    assert sorted(ran.code for ran in both) == [0, 125]


async def test_published_ports_without_a_number_count_up(lab_a: HandMadeLab, cli: str) -> None:
    """-P and -p 80 get the lowest free virtual ports."""
    lab_a.has(WEB)
    await lab_a.ok("run", "-d", "--name", "one", "-P", WEB, cli=cli)
    await lab_a.ok("run", "-d", "--name", "two", "-p", "80", WEB, cli=cli)
    await lab_a.ok("run", "-d", "--name", "kept", WEB, cli=cli)
    assert await lab_a.ok("ps", "-f", "name=kept", "--format", "{{.Ports}}", cli=cli) == "80/tcp"
    assert await lab_a.ok("port", "one", cli=cli) == "80/tcp -> 0.0.0.0:32768"
    assert await lab_a.ok("port", "two", cli=cli) == "80/tcp -> 0.0.0.0:32769"
    await lab_a.ok("rm", "-f", "one", "two", cli=cli)


async def test_a_containers_whole_life(lab_a: HandMadeLab, cli: str) -> None:
    """create, start, pause, unpause, rename, top, stats, restart, kill, wait, logs, diff, rm."""
    lab_a.has(BASE)
    await lab_a.ok("create", "--name", "life", BASE, "sh", "-c", "echo born; touch /new; sleep 60", cli=cli)
    assert await lab_a.ok("start", "life", cli=cli) == "life"
    await lab_a.ok("pause", "life", cli=cli)
    assert await lab_a.ok("inspect", "-f", "{{.State.Status}}", "life", cli=cli) == "paused"
    await lab_a.ok("unpause", "life", cli=cli)
    await lab_a.ok("rename", "life", "moved", cli=cli)
    assert "sleep 60" in await lab_a.ok("top", "moved", cli=cli)
    assert "moved" in await lab_a.ok("stats", "--no-stream", cli=cli)
    await lab_a.ok("restart", "-t", "0", "moved", cli=cli)
    await lab_a.ok("kill", "moved", cli=cli)
    assert await lab_a.ok("wait", "moved", cli=cli) == "137"
    assert await lab_a.ok("logs", "--tail", "1", "moved", cli=cli) == "born"
    assert "A /new" in await lab_a.ok("diff", "moved", cli=cli)
    assert await lab_a.ok("rm", "moved", cli=cli) == "moved"
    assert (await lab_a.docker("inspect", "moved", cli=cli)).err.strip().endswith("No such object: moved")


async def test_exit_codes_and_errors_are_dockers(lab_a: HandMadeLab, cli: str) -> None:
    """The program's own code, 127 for one that is not there, 1 for a missing container."""
    lab_a.has(BASE)
    assert (await lab_a.docker("run", "--rm", BASE, "sh", "-c", "exit 7", cli=cli)).code == 7
    assert (await lab_a.docker("run", "--rm", BASE, "nothing-like-it", cli=cli)).code == 127
    ran = await lab_a.docker("start", "missing", cli=cli)
    assert ran.code == 1 and "No such container: missing" in ran.err


@pytest.mark.parametrize("size", [1, 3 * 1024 * 1024])
async def test_an_import_is_refused_in_its_own_words(lab_a: HandMadeLab, cli: str, tmp_path: Path, size: int) -> None:
    """Its sentence, not one about bodies that are too large, or that are not taken at all."""
    (tmp_path / "image.tar").write_bytes(bytes(size))
    ran = await lab_a.docker("import", str(tmp_path / "image.tar"), cli=cli)
    assert ran.code == 1 and SENTENCES["image-load"] in ran.err, ran


async def test_input_is_carried_and_its_end_too(lab_a: HandMadeLab, cli: str) -> None:
    """Case B62: run -i, exec -i and start -a -i end when their input does."""
    lab_a.has(BASE)
    assert await lab_a.ok("run", "-i", "--rm", BASE, "cat", cli=cli, stdin=b"hi\n") == "hi"
    await lab_a.ok("create", "-i", "--name", "cat", BASE, "cat", cli=cli)
    assert await lab_a.ok("start", "-a", "-i", "cat", cli=cli, stdin=b"again\n") == "again"
    await lab_a.ok("run", "-d", "--name", "room", BASE, "sleep", "60", cli=cli)
    assert await lab_a.ok("exec", "-i", "room", "cat", cli=cli, stdin=b"in\n") == "in"
    assert (
        await lab_a.ok("exec", "-e", "A=b", "-w", "/tmp", "-u", "0", "room", "sh", "-c", "echo $A $PWD", cli=cli)
        == "b /tmp"
    )
    assert (await lab_a.docker("exec", "room", "sh", "-c", "exit 9", cli=cli)).code == 9
    await lab_a.ok("exec", "-d", "room", "touch", "/made", cli=cli)
    assert await lab_a.ok("exec", "room", "ls", "/made", cli=cli) == "/made"
    await lab_a.ok("rm", "-f", "room", "cat", cli=cli)


async def test_attach_sees_output_and_the_exit_code(lab_a: HandMadeLab, cli: str) -> None:
    """As the CLI's own end-to-end test has it: exit code 21."""
    lab_a.has(BASE)
    await lab_a.ok("run", "-d", "--name", "room", BASE, "sh", "-c", "sleep 1; echo here; exit 21", cli=cli)
    ran = await lab_a.docker("attach", "room", cli=cli)
    assert (ran.code, ran.out) == (21, "here\n")


async def test_a_terminal_reaches_the_program(lab_a: HandMadeLab, cli: str) -> None:
    """run -it with a pty on either side."""
    lab_a.has(BASE)
    script = f"{cli} run -it --rm {BASE} sh -c 'tty; exit 5'"
    process = await asyncio.create_subprocess_exec(
        "script",
        "-qec",
        script,
        "/dev/null",
        env={"DOCKER_HOST": f"unix://{lab_a.socket}", "PATH": "/usr/bin:/bin", "HOME": "/", "SHELL": "/bin/sh"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 5 and b"/dev/" in out


async def test_files_are_copied_both_ways(lab_a: HandMadeLab, cli: str, tmp_path: Path) -> None:
    """cp out of, into, and from a stopped container; a missing path is Docker's error."""
    lab_a.has(BASE)
    await lab_a.ok("run", "--name", "box", BASE, "sh", "-c", "echo old > /file", cli=cli)
    await lab_a.ok("cp", "box:/file", str(tmp_path / "out"), cli=cli)
    assert (tmp_path / "out").read_text() == "old\n"
    (tmp_path / "in").write_text("new\n")
    await lab_a.ok("cp", str(tmp_path / "in"), "box:/file", cli=cli)
    await lab_a.ok("cp", "box:/file", str(tmp_path / "back"), cli=cli)
    assert (tmp_path / "back").read_text() == "new\n"
    long = tmp_path / "tree" / ("긴이름" * 20) / ("x" * 120)
    long.parent.mkdir(parents=True)
    long.write_text("deep\n")
    (tmp_path / "tree/link").symlink_to("twin")
    (tmp_path / "tree/twin").hardlink_to(long)
    await lab_a.ok("cp", str(tmp_path / "tree"), "box:/", cli=cli)
    await lab_a.ok("cp", "box:/tree", str(tmp_path / "came"), cli=cli)
    assert (tmp_path / "came" / long.relative_to(tmp_path / "tree")).read_text() == "deep\n"
    assert (tmp_path / "came/link").read_text() == "deep\n"
    ran = await lab_a.docker("cp", "box:/nothing", str(tmp_path), cli=cli)
    assert ran.code == 1 and "/nothing" in ran.err
    await lab_a.ok("rm", "box", cli=cli)


async def test_volumes_live_and_anonymous_ones_leave(lab_a: HandMadeLab, cli: str, engine_host: EngineHost) -> None:
    """Every volume that the engine makes for the lab is labelled; --rm and rm -v take the anonymous ones away."""
    lab_a.has(BASE)
    await lab_a.ok("volume", "create", "data", cli=cli)
    await lab_a.ok("run", "--rm", "-v", "data:/d", "-v", "/anonymous", BASE, "sh", "-c", "echo kept > /d/x", cli=cli)
    assert await lab_a.ok("volume", "ls", "-q", cli=cli) == "data"
    assert await lab_a.ok("run", "--rm", "-v", "data:/d:ro", BASE, "cat", "/d/x", cli=cli) == "kept"
    await lab_a.ok("run", "-d", "--name", "two", "-v", "/anonymous", BASE, "sleep", "60", cli=cli)
    labelled = on_engine(engine_host.socket, "volume", "ls", "-q", "-f", f"label=dosirak.lab={lab_a.owner.lab}").split()
    assert len(labelled) == 2
    await lab_a.ok("rm", "-f", "-v", "two", cli=cli)
    (item,) = json.loads(await lab_a.ok("volume", "inspect", "data", cli=cli))
    assert (item["Name"], item["Mountpoint"], item["Options"]) == ("data", "", None)
    assert await lab_a.ok("volume", "rm", "data", cli=cli) == "data"


async def test_networks_join_containers_by_name(lab_a: HandMadeLab, cli: str) -> None:
    """create, run on it, connect, inspect, disconnect, rm; names are found by DNS."""
    lab_a.has(BASE)
    await lab_a.ok("network", "create", "back", cli=cli)
    await lab_a.ok("run", "-d", "--name", "server", "--network", "back", BASE, "sleep", "60", cli=cli)
    await lab_a.ok("run", "-d", "--name", "client", BASE, "sleep", "60", cli=cli)
    await lab_a.ok("network", "connect", "--alias", "guest", "back", "client", cli=cli)
    assert "server" in await lab_a.ok("exec", "client", "nslookup", "server", cli=cli)
    names = await lab_a.ok("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{end}}", "back", cli=cli)
    assert sorted(names.split()) == ["client", "server"]
    assert (await lab_a.ok("network", "ls", "--format", "{{.Name}}", cli=cli)).split() == ["back", "bridge", "none"]
    await lab_a.ok("network", "disconnect", "back", "client", cli=cli)
    await lab_a.ok("rm", "-f", "server", "client", cli=cli)
    assert await lab_a.ok("network", "rm", "back", cli=cli) == "back"


async def test_images_are_the_labs_own_view(lab_a: HandMadeLab, cli: str) -> None:
    """ls, inspect, history, rm; after rm the next run pulls again."""
    assert (await lab_a.ok("image", "ls", "-q", cli=cli)) == ""
    await lab_a.ok("image", "pull", BASE, cli=cli)
    assert await lab_a.ok("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", cli=cli) == f"{BASE}:latest"
    assert await lab_a.ok("image", "inspect", "-f", "{{.RepoTags}}", BASE, cli=cli) == f"[{BASE}:latest]"
    assert await lab_a.ok("image", "history", "-q", BASE, cli=cli)
    removed = (await lab_a.ok("image", "rm", BASE, cli=cli)).splitlines()
    assert removed[0] == f"Untagged: {BASE}:latest" and removed[-1].startswith("Deleted: sha256:")
    assert "Unable to find image" in (await lab_a.docker("run", "--rm", BASE, "true", cli=cli)).err
    ran = await lab_a.docker("pull", "alpine", cli=cli)
    assert ran.code == 1 and "this lab pulls the course's images only" in ran.err


async def test_engine_wide_commands_and_prunes(lab_a: HandMadeLab, cli: str) -> None:
    """version, info, system df, container, network, volume and system prune."""
    lab_a.has(BASE)
    await lab_a.ok("run", "--name", "done", "-v", "left:/x", BASE, "true", cli=cli)
    assert await lab_a.ok("version", "-f", "{{.Server.APIVersion}}", cli=cli) == "1.41"
    assert await lab_a.ok("info", "-f", "{{.Containers}} {{.Images}}", cli=cli) == "1 1"
    assert "Local Volumes   1" in await lab_a.ok("system", "df", cli=cli)
    await lab_a.ok("network", "create", "idle", cli=cli)
    said = await lab_a.ok("system", "prune", "-f", cli=cli)
    assert "Deleted Containers:" in said and "idle" in said
    assert "left" in await lab_a.ok("volume", "prune", "-f", cli=cli)
    assert await lab_a.ok("ps", "-aq", cli=cli) == ""


async def test_events_tell_what_happens_in_the_lab(lab_a: HandMadeLab, cli: str) -> None:
    """Followed live, in the lab's names."""
    lab_a.has(BASE)
    environment = {"DOCKER_HOST": f"unix://{lab_a.socket}", "HOME": "/", "PATH": "/usr/bin:/bin"}
    words = ("events", "--format", "{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.image}}")
    process = await asyncio.create_subprocess_exec(cli, *words, env=environment, stdout=asyncio.subprocess.PIPE)
    await until(lambda: lab_a.gate.streams == 1)
    await lab_a.ok("run", "--rm", "--name", "seen", BASE, "true", cli=cli)
    assert process.stdout is not None
    seen = []
    async with asyncio.timeout(20):
        while not seen or "destroy" not in seen[-1]:
            seen.append((await process.stdout.readline()).decode().strip())
    process.terminate()
    await process.wait()
    await until(lambda: lab_a.gate.streams == 0)
    for line in (f"container create seen {BASE}", f"container start seen {BASE}", f"container destroy seen {BASE}"):
        assert line in seen
    assert "network connect bridge <no value>" in seen


async def test_logs_are_followed_to_the_end(lab_a: HandMadeLab, cli: str) -> None:
    """logs -f ends when the container does."""
    lab_a.has(BASE)
    await lab_a.ok("run", "-d", "--name", "talk", BASE, "sh", "-c", "echo one; sleep 1; echo two >&2", cli=cli)
    ran = await lab_a.docker("logs", "-f", "talk", cli=cli)
    assert (ran.out, ran.err) == ("one\n", "two\n")


async def test_everything_goes_at_once(lab_a: HandMadeLab, cli: str) -> None:
    """The chapter's last command, with its substitution."""
    lab_a.has(BASE)
    for name in ("one", "two"):
        await lab_a.ok("run", "-d", "--name", name, BASE, "sleep", "60", cli=cli)
    every = (await lab_a.ok("container", "ls", "--all", "--quiet", cli=cli)).split()
    assert (await lab_a.ok("container", "rm", "--force", *every, cli=cli)).split() == every
    assert await lab_a.ok("container", "ls", "--all", "--quiet", cli=cli) == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--privileged",), "--privileged gives a container the host's own powers"),
        (("--cap-add", "SYS_ADMIN"), "--cap-add"),
        (("-v", "/:/host"), "a bind mount shows the host's own files"),
        (("--network", "host"), "--network host shares the host's own network"),
        (("--pid", "host"), "--pid host"),
        (("--device", "/dev/null"), "--device"),
        (("--restart", "always"), "on-failure:3"),
        (("-m", "100g"), "a fixed share of memory"),
        (("--log-driver", "syslog"), "docker container logs"),
        (("--security-opt", "seccomp=unconfined"), "--security-opt"),
        (("--add-host", "a:1.2.3.4"), "--add-host"),
        (("--dns", "8.8.8.8"), "--dns"),
        (("--sysctl", "net.ipv4.ip_forward=1"), "--sysctl"),
        (("--ulimit", "nofile=1048576"), "--ulimit"),
        (("--tmpfs", "/t:size=100g"), "--tmpfs"),
        (("--volume-driver", "x"), "--driver"),
        (("--volumes-from", "x"), "--volumes-from"),
        (("--link", "x"), "--link"),
        (("--userns", "host"), "--userns host"),
        (("--cgroup-parent", "/"), "--cgroup-parent"),
        (("--name", "28f439729927"), "looks like an ID"),
    ],
)
async def test_a_refusal_teaches_at_the_prompt(
    lab_a: HandMadeLab, cli: str, words: tuple[str, ...], sentence: str
) -> None:
    """The CLI prints the sentence, exits with 125, and nothing was made."""
    ran = await lab_a.docker("run", *words, BASE, "true", cli=cli)
    assert ran.code == 125 and sentence in ran.err
    assert await lab_a.ok("ps", "-aq", cli=cli) == ""
