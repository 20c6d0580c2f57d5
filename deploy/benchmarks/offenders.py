"""A lab that misbehaves in each way: how slow another lab's `docker exec` and a tap in another chat become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from deploy.benchmarks.answers import PATIENCE, free_port, until_served
from deploy.benchmarks.figures import Row, Sample, at_most, ratio
from deploy.benchmarks.floods import FORUM, TOOLBOXES, old_step, taps
from deploy.benchmarks.lesson import docker
from deploy.benchmarks.programs import process
from deploy.benchmarks.run import Run, seconds
from tests.abuse.kit import BASE, LIVELY
from tests.chatclient import Member, Seen

EXECS, TAPS = 20, 40
DISK_MIB = 256
"""A lab's disk here, so that it is full in a moment, again and again."""
LONGEST = 120
"""Seconds after which an offender ends also when nobody ends it."""
SETTLE_SECONDS = 3.0
"""Until an offender does what it does, and after its end until nothing of it is left."""
TIMES = at_most(2.0)

_RUN = f"docker run --rm --name offender {BASE} sh -c"
_CALL = "curl --silent --output /dev/null --unix-socket /var/run/docker.sock"
_EXEC = "--header 'Content-Type: application/json' --data '{\"Cmd\":[\"true\"]}' http://lab/containers/still/exec"
_FILL = "i=0; while dd if=/dev/zero of=/$i bs=1M count=15; do i=$((i+1)); done"
_UNREAD = "for i in $(seq 12); do docker logs --follow offender | sleep 1000 & done"
OFFENDERS: Mapping[str, str] = MappingProxyType(
    {
        "a fork bomb": f"while :; do {_RUN} 'f() {{ f | f & }}; f; sleep 1000'; done",
        "a memory hog": f"while :; do {_RUN} 'tail /dev/zero'; done",
        "a CPU spin": f"{_RUN} 'for i in 1 2 3 4; do while :; do :; done & done; wait'",
        "a disk fill": f"while :; do {_RUN} '{_FILL}'; done",
        "a log flood": f"{_RUN} 'yes 0123456789012345678901234567890123456789'",
        "an exec flood": "while :; do seq 1000 | xargs -P 8 -I @ docker exec still true; done",
        "a flood of exec creates": f"while :; do seq 1000 | xargs -P 16 -I @ {_CALL} {_EXEC}; done",
        "a flood of calls": f"while :; do seq 1000 | xargs -P 16 -I @ {_CALL} http://lab/containers/json; done",
        "unread output": f"{_RUN} 'sleep 2; yes' & sleep 1; {_UNREAD}; wait",
    }
)
"""bash scripts for the lab's toolbox; what runs in a container has the name `offender`."""


async def measure(run: Run) -> list[Row]:
    """One bot in its own process with the local chat; idle is measured anew before each offender."""
    url = f"http://127.0.0.1:{free_port()}"
    variables = run.environment("offenders", url.removeprefix("http://"))
    async with process({**variables, "DOSIRAK_LAB_DISK_MIB": str(DISK_MIB)}, "bot"):
        await until_served(url)
        async with Member(url) as learner:
            neighbours = Neighbours(run, learner, await old_step(learner), await _opened(run, url, "works"))
            await neighbours.begin()
            offender = await _opened(run, url, "misbehaves")
            await _inside(run, offender, f"docker run --detach --name still {BASE} sleep 100000")
            return [
                row for name, script in OFFENDERS.items() for row in await _compared(neighbours, offender, name, script)
            ]


async def _compared(neighbours: Neighbours, offender: str, name: str, script: str) -> list[Row]:
    execs, taps = await neighbours.execs(), await neighbours.taps()
    async with _misbehaving(neighbours.run, offender, script):
        slow_execs, slow_taps = await neighbours.execs(), await neighbours.taps()
    what = f"another lab's docker exec during {name}"
    return [
        Row("offenders", what, slow_execs, execs, "s", slow_execs.median, "s", at_most(LIVELY)),
        ratio("offenders", f"a tap answered during {name} / by an idle bot", slow_taps, taps, "s", TIMES),
    ]


class Neighbours:
    """A learner who taps, and a lab in which a container runs."""

    def __init__(self, run: Run, learner: Member, step: Seen, toolbox: str) -> None:
        self.run = run
        self._learner = learner
        self._step = step
        self._toolbox = toolbox

    async def begin(self) -> None:
        await _inside(self.run, self._toolbox, f"docker run --detach --name mine {BASE} sleep 100000")

    async def execs(self) -> Sample:
        """Seconds of `docker exec` in the lab's own shell, the way there included."""
        rounds = range(self.run.rounds(EXECS))
        return Sample.of([await seconds(_inside(self.run, self._toolbox, "docker exec mine true")) for _ in rounds])

    async def taps(self) -> Sample:
        return await taps(self._learner, self._step, self.run.rounds(TAPS))


@asynccontextmanager
async def _misbehaving(run: Run, toolbox: str, script: str) -> AsyncIterator[None]:
    """The script runs in the toolbox; afterwards nothing of it is left but what the lab had before."""
    await docker(run, "exec", "--detach", toolbox, "timeout", "--signal=KILL", str(LONGEST), "bash", "-c", script)
    await asyncio.sleep(SETTLE_SECONDS)
    try:
        yield
    finally:
        # Nothing inside could find and end it all while it forks: the shell's container ends with everything in it.
        await docker(run, "restart", "--time=0", toolbox)
        await _inside(run, toolbox, "docker rm --force offender; true")
        await asyncio.sleep(SETTLE_SECONDS)


async def _opened(run: Run, url: str, name: str) -> str:
    """A topic of the forum with a lab of its own: its toolbox."""
    before = set((await docker(run, *TOOLBOXES)).split())
    async with Member(url, chat=FORUM) as organiser:
        topic = (await organiser.call("topic", chat=FORUM, name=name))["id"]
        await organiser.call("say", chat=FORUM, topic=topic, text="/sh true")
    async with asyncio.timeout(PATIENCE):
        while not (found := set((await docker(run, *TOOLBOXES)).split()) - before):  # noqa: ASYNC110 - labs tell nobody
            await asyncio.sleep(0.2)
    (toolbox,) = found
    await _inside(run, toolbox, f"until docker pull --quiet {BASE}; do sleep 0.2; done")
    return toolbox


async def _inside(run: Run, toolbox: str, script: str) -> None:
    """bash in a toolbox. Raises ValueError when it fails."""
    await docker(run, "exec", toolbox, "bash", "-c", script)
