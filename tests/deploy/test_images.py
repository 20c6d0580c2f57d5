"""The sample images behave as the chapter tells it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from deploy.host.temporary import EngineHost

pytestmark = pytest.mark.engine

HELLO = "diamol/ch02-hello-diamol"
BASE = "diamol/base"
WEB = "diamol/ch02-hello-diamol-web"
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE")
LAB = ["--network", "deploy-images", "--memory", "128m", "--pids-limit", "96", "--security-opt", "no-new-privileges"]
LAB += ["--cap-drop", "ALL", *(f"--cap-add={name}" for name in CAPABILITIES)]


class Docker:
    """The official CLI on the session's engine."""

    def __init__(self, host: EngineHost) -> None:
        self._host = f"unix://{host.socket}"

    def __call__(self, *arguments: str, typed: str = "") -> str:
        """Both output streams of one command that has to succeed; `typed` is its input."""
        command = ("docker", "--host", self._host, *arguments)
        pipe = subprocess.PIPE
        result = subprocess.run(command, input=typed, stdout=pipe, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert result.returncode == 0, result.stdout
        return result.stdout


@pytest.fixture(scope="module")
def docker(engine_host: EngineHost) -> Iterator[Docker]:
    """The CLI and a lab-like network, no sample image pulled yet."""
    cli = Docker(engine_host)
    for image in (HELLO, BASE, WEB):
        subprocess.run(("docker", "--host", f"unix://{engine_host.socket}", "image", "rm", "--force", image))
    cli("network", "create", "--internal", "deploy-images")
    yield cli
    cli("network", "rm", "deploy-images")


def test_first_run_pulls_three_layers_and_says_hello(docker: Docker) -> None:
    """The first run of the chapter prints a real pull and then the program's lines, as in the book."""
    output = docker("run", "--rm", "--hostname", "e80456d30baf", *LAB, HELLO)
    assert f"Unable to find image '{HELLO}:latest' locally" in output
    assert len(re.findall(r"^[0-9a-f]{12}: Pull complete$", output, re.MULTILINE)) == 3
    assert f"Status: Downloaded newer image for {HELLO}:latest" in output
    line = "-" * 21
    said = output[output.index(line) :].splitlines()
    assert said[:7] == [line, "Hello from Chapter 2!", line, "My name is:", "e80456d30baf", line, "Im running on:"]
    assert re.fullmatch(r"Linux \S+ \w+", said[7])
    assert said[8:10] == [line, "My address is:"]
    assert re.fullmatch(r"inet addr:[\d.]+ Bcast:[\d.]+ Mask:255\.255\.255\.240", said[10])
    assert said[11:] == [line]


def test_base_shares_its_first_layer_with_hello(docker: Docker) -> None:
    """After hello, the pull of base finds its first layer there and gets one more."""
    output = docker("pull", BASE)
    assert len(re.findall(r"^[0-9a-f]{12}: Already exists$", output, re.MULTILINE)) == 1
    assert len(re.findall(r"^[0-9a-f]{12}: Pull complete$", output, re.MULTILINE)) == 1


def test_base_is_a_shell_with_the_usual_tools(docker: Docker) -> None:
    """What a learner tries on the "remote computer" is there."""
    tools = "ls vi ifconfig wget ping hostname ps cat"
    output = docker("run", "--rm", *LAB, BASE, "sh", "-c", f"for tool in {tools}; do command -v $tool; done")
    assert len(output.split()) == len(tools.split())
    assert docker("image", "inspect", "--format", "{{json .Config.Cmd}}", BASE).strip() == '["/bin/sh"]'


def test_hello_is_listed_with_its_command(docker: Docker) -> None:
    """`docker container ls` shows the command as the chapter prints it."""
    name = docker("create", *LAB, HELLO).strip()
    try:
        assert '"/bin/sh -c ./cmd.sh"' in docker("ps", "--all", "--no-trunc", "--filter", f"id={name}")
    finally:
        docker("rm", name)


def test_web_serves_its_page_and_the_edited_one(docker: Docker) -> None:
    """Apache serves the page within a lab's limits, shows an edit at once, and stops fast."""
    name = docker("run", "--detach", *LAB, WEB).strip().splitlines()[-1]
    read = ("exec", name, "wget", "-qO-", "http://127.0.0.1/")
    try:
        docker("exec", name, "sh", "-c", "until wget -qO- http://127.0.0.1/ >/dev/null 2>&1; do sleep 0.05; done")
        assert "<h1>Hello from Chapter 2!</h1>" in docker(*read)
        docker("exec", name, "sh", "-c", "command -v vi && echo changed > /usr/local/apache2/htdocs/index.html")
        assert docker(*read) == "changed\n"
        assert '"GET / HTTP/1.1" 200' in docker("logs", name)
        docker("stop", "--time", "5", name)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name).strip() == "0", "killed, not stopped"
    finally:
        docker("rm", "--force", name)


@pytest.mark.parametrize("line, code", [("true", 0), ("false", 1), ("sh -c 'exit 7'", 7)])
def test_toolbox_marks_each_command_with_its_exit_code(docker: Docker, line: str, code: int) -> None:
    """The shell of a lab tells by OSC 133 where a command ended and how."""
    output = docker("run", "--rm", "--interactive", *LAB, "dosirak/toolbox", typed=f"{line}\nexit 0\n")
    assert "\x1b]133;A\x07" in output
    assert f"\x1b]133;D;{code}\x07" in output


def test_toolbox_has_what_lessons_use(docker: Docker) -> None:
    """Every tool that the course and its checks name is in the toolbox."""
    tools = "docker bash grep sed awk find curl less vi nano jq tar gzip ps wget clear"
    output = docker("run", "--rm", *LAB, "dosirak/toolbox", "bash", "-c", f"for t in {tools}; do type -P $t; done")
    assert len(output.split()) == len(tools.split())
