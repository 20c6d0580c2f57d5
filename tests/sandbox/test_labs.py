"""A lab's life on the real engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import LabError, LabsFull
from bot.identity import LabId
from bot.sandbox.cgroups import Cgroups
from bot.sandbox.engine import Engine
from bot.sandbox.host import SandboxHost
from bot.sandbox.lab import Lab
from bot.sandbox.names import label_filter, network_name, toolbox_name
from bot.settings import Settings
from deploy.host.leftovers import remove_cgroups
from deploy.host.places import Places
from tests.sandbox.kit import Make, eventually, reading, sandbox

pytestmark = pytest.mark.engine


async def left_of(engine: Engine, lab_id: LabId) -> list[str]:
    """The engine's objects of a lab."""
    filters = label_filter(lab_id)
    containers = await engine.call(lambda client: client.containers(all=True, filters=filters))
    networks = await engine.call(lambda client: client.networks(filters=filters))
    volumes = (await engine.call(lambda client: client.volumes(filters=filters)))["Volumes"] or []
    return [item["Names"][0] for item in containers] + [item["Name"] for item in [*networks, *volumes]]


def memory_of(lab: Lab, settings: Settings) -> int:
    """The limit of the lab's cgroup, of whichever version."""
    folder = Cgroups(settings.cgroup).folder(lab.id)
    version_one = Path(f"/sys/fs/cgroup/memory/{folder}/memory.limit_in_bytes")
    version_two = Path(f"/sys/fs/cgroup/{folder}/memory.max")
    return int((version_one if version_one.exists() else version_two).read_text())


async def test_an_open_lab_has_a_network_of_its_own_a_home_and_a_toolbox(lab: Lab, engine: Engine) -> None:
    """Everything is named and labelled after the lab, and the network is internal."""
    assert sorted(await left_of(engine, lab.id)) == sorted([f"/toolbox-{lab.id}", f"lab-{lab.id}", f"home-{lab.id}"])
    network = await engine.call(lambda client: client.inspect_network(network_name(lab.id)))
    assert network["Internal"] and network["Options"]["com.docker.network.bridge.name"] == f"lab{lab.id}"


async def test_a_bridge_that_the_engine_keeps_to_itself_does_not_stop_a_lab(
    host: SandboxHost, lab_id: LabId, engine: Engine
) -> None:
    """An engine that was killed while it made the lab's network keeps the name, even beyond its next start."""
    options = {"com.docker.network.bridge.name": f"lab{lab_id}"}
    made = await engine.call(lambda client: client.create_network("forgotten", driver="bridge", options=options))
    try:
        lab = await host.labs.open(lab_id)
        assert (await lab.run_script("docker ps")).exit_code == 0
        network = await engine.call(lambda client: client.inspect_network(network_name(lab_id)))
        assert network["Options"]["com.docker.network.bridge.name"] == f"lab{lab_id}a"
    finally:
        await host.labs.close(lab_id)
        await engine.call(lambda client: client.remove_network(made["Id"]))


async def test_a_lab_that_has_no_place_for_its_socket_is_a_lab_error(
    settings: Settings, host: SandboxHost, lab_id: LabId, tmp_path: Path
) -> None:
    """A full disk or a folder that cannot be made reaches the chat as any other trouble of a lab."""
    (tmp_path / "labs").write_text("a file, not a folder")
    async with sandbox(settings, state=tmp_path) as broken:
        with pytest.raises(LabError, match="cannot be used"):
            await broken.labs.open(lab_id)
        await broken.labs.close(lab_id)


async def test_opening_at_once_makes_one_lab(host: SandboxHost, lab_id: LabId, engine: Engine) -> None:
    """Five people tap in the same moment and share one opening."""
    labs = await asyncio.gather(*(host.labs.open(lab_id) for _ in range(5)))
    assert all(lab is labs[0] for lab in labs)
    assert len(await left_of(engine, lab_id)) == 3


async def test_a_crashed_bot_finds_the_same_shell_again(settings: Settings, host: SandboxHost, lab_id: LabId) -> None:
    """The first bot goes without a word; in the second one the shell still knows its variable."""
    async with sandbox(settings) as first:
        async with reading(await first.labs.open(lab_id)) as shell:
            await shell.runs("lunch=gimbap")
    async with reading(await host.labs.open(lab_id)) as shell:
        assert "gimbap" in await shell.runs("echo $lunch")


async def test_a_toolbox_that_somebody_removed_is_made_anew(host: SandboxHost, lab: Lab, engine: Engine) -> None:
    """The next use of the lab does not depend on what the bot remembers."""
    await engine.remove(toolbox_name(lab.id))
    await asyncio.sleep(0.1)
    again = await host.labs.open(lab.id)
    assert (await again.run_script("echo fine")).output == "fine\n"


async def test_a_new_socket_folder_gets_a_new_toolbox(host: SandboxHost, settings: Settings, lab_id: LabId) -> None:
    """A toolbox that still sees a deleted folder would never reach the gate again."""
    async with sandbox(settings) as first:
        await first.labs.open(lab_id)
    folder = settings.state / "labs" / lab_id
    (folder / "docker.sock").unlink(missing_ok=True)
    folder.rmdir()
    lab = await host.labs.open(lab_id)
    assert (await lab.run_script("docker version --format '{{.Server.APIVersion}}'")).output == "1.41\n"


async def test_closing_leaves_nothing(
    host: SandboxHost, lab: Lab, engine: Engine, settings: Settings, make: Make
) -> None:
    """Containers, networks, volumes, cgroups and the socket's folder are gone; what was the learner's is counted."""
    labels = {"dosirak.lab": lab.id, "dosirak.role": "learner"}
    await engine.call(lambda client: client.create_volume(f"lab-{lab.id}.data", labels=labels))
    await engine.call(lambda client: client.create_network(f"lab-{lab.id}.net", internal=True, labels=labels))
    await make(lab.id, "web", ports=((8088, 80),))
    await make(lab.id, "idle", run=False)
    closed = await host.labs.close(lab.id)
    assert (closed.containers, closed.networks, closed.volumes) == (2, 1, 1)
    assert await left_of(engine, lab.id) == []
    assert not (settings.state / "labs" / lab.id).exists()
    assert lab.id not in Cgroups(settings.cgroup).found()
    assert host.labs.get(lab.id) is None


async def test_closing_what_is_not_there_is_done_already(host: SandboxHost, lab_id: LabId) -> None:
    """A second close finds nothing and complains about nothing."""
    assert (await host.labs.close(lab_id)).containers == 0


async def test_a_full_host_says_so(settings: Settings, host: SandboxHost, lab_id: LabId) -> None:
    """One more than may be open is refused; the open one can still be opened again."""
    other = LabId("0" * 10)
    async with sandbox(settings, labs_max=1) as small:
        lab = await small.labs.open(lab_id)
        with pytest.raises(LabsFull):
            await small.labs.open(other)
        assert await small.labs.open(lab_id) is lab


async def test_sweeping_removes_what_has_no_owner(
    host: SandboxHost, lab: Lab, settings: Settings, engine: Engine
) -> None:
    """Case J195: a forgotten lab goes, the one to be kept stays."""
    forgotten = LabId("f" * 10)
    async with sandbox(settings) as crashed:
        await crashed.labs.open(forgotten)
    keep = await host.labs.found() - {forgotten}
    assert lab.id in keep
    assert await host.labs.sweep(keep) == {forgotten}
    assert await left_of(engine, forgotten) == []


async def test_two_bots_on_one_engine_leave_each_other_alone(
    host: SandboxHost, lab: Lab, settings: Settings, engine: Engine, make: Make, tmp_path: Path
) -> None:
    """Each finds, sweeps, follows and stops its own labs only, and the walls stay for who is still there."""
    stranger, theirs = LabId("e" * 10), Places.of(tmp_path)
    heard: list[object] = []
    async with sandbox(settings, state=tmp_path, cgroup=f"/{theirs.name}") as other:
        other.events.listen(heard.append)
        await other.labs.open(stranger)
        assert await other.labs.found() == {stranger}
        assert stranger not in await host.labs.found()
        web = await make(lab.id, "web")
        assert await other.labs.sweep(()) == {stranger}
        await other.labs.open(stranger)
        assert await other.stop_all() == {}
        assert (await engine.inspect(web))["State"]["Running"] is True
        await other.labs.close(stranger)
    remove_cgroups(theirs)
    assert heard == []


async def test_parking_keeps_the_home_and_gives_back_the_memory(
    host: SandboxHost, lab: Lab, engine: Engine, make: Make
) -> None:
    """The toolbox goes, the running container stops, and the file in the home folder is there on return."""
    web = await make(lab.id, "web")
    await lab.run_script("echo rice > ~/note")
    assert await host.labs.park(lab.id) == (web,)
    assert (await engine.inspect(web))["State"]["Running"] is False
    again = await host.labs.open(lab.id)
    assert (await again.run_script("cat ~/note")).output == "rice\n"


async def test_a_clean_stop_remembers_what_ran_and_the_next_start_runs_it(
    settings: Settings, lab_id: LabId, host: SandboxHost, engine: Engine, make: Make
) -> None:
    """Only what ran is started again."""
    async with sandbox(settings) as first:
        await first.labs.open(lab_id)
        web = await make(lab_id, "web")
        idle = await make(lab_id, "idle", run=False)
        ran = await first.labs.stop_all()
    assert ran == {lab_id: (web,)}
    await host.resume(ran)
    running = {container.id: container.runs for container in await (await host.labs.open(lab_id)).containers()}
    assert running == {web: True, idle: False}


async def test_a_lab_is_limited_as_a_whole(lab: Lab, settings: Settings) -> None:
    """The cgroup parent has the lab's memory, whatever its containers have each."""
    assert memory_of(lab, settings) == settings.lab_memory_mib * 2**20


async def test_a_toolbox_is_what_the_security_page_says(lab: Lab, engine: Engine, settings: Settings) -> None:
    """No capability beyond the list, no new privileges, own limits, nothing of the host but the socket folder."""
    found: dict[str, Any] = await engine.inspect(toolbox_name(lab.id))
    forced = found["HostConfig"]
    assert forced["CapDrop"] == ["ALL"] and "CAP_NET_RAW" not in json.dumps(forced["CapAdd"])
    assert forced["SecurityOpt"] == ["no-new-privileges:true"] and not forced["Privileged"]
    assert (
        forced["CgroupParent"] == Cgroups(settings.cgroup).path(lab.id) and forced["Memory"] == forced["MemorySwap"] > 0
    )
    assert [mount["Destination"] for mount in found["Mounts"] if mount["RW"]] == ["/root"]
    status = (await lab.run_script("cat /proc/self/status")).output
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


async def test_a_lab_that_a_killed_bot_left_frozen_goes_on(lab: Lab, settings: Settings) -> None:
    """Nothing in it would answer or could be ended: a start of the bot lets go of every lab first."""
    cgroups = Cgroups(settings.cgroup)
    cgroups.freeze(lab.id)
    await eventually(lambda: cgroups.frozen(lab.id))
    async with sandbox(settings):
        assert not cgroups.frozen(lab.id)
    assert (await lab.run_script("echo on")).output == "on\n"
