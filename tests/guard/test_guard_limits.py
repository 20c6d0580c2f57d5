"""What a lab may have only so much of: the last is allowed, one more is refused, and what is there still works."""

from __future__ import annotations

from typing import Any

from bot.guard import facts as ask
from bot.guard.filters import name_filter
from bot.guard.verdict import Answer, Forward, Need
from tests.guard.lab import DB, OWNER, asked, container, created, forwarded, knowledge, network, refused


def networks(count: int) -> dict[Any, Any]:
    """A lab with its bridge and so many networks of its own."""
    lab = knowledge()[ask.networks(OWNER)][0]
    return knowledge(networks=[lab, *(network(f"{n:064x}", f"{OWNER.prefix}n{n}", "learner") for n in range(count))])


def volumes(count: int) -> dict[Any, Any]:
    return knowledge(volumes=[{"Name": f"{OWNER.prefix}v{n}", "Labels": OWNER.labels()} for n in range(count)])


def test_networks_are_counted() -> None:
    """The bridge does not count."""
    most = OWNER.limits.networks
    forwarded(asked("POST", "/networks/create", {"Name": "more"}, networks(most - 1)))
    refused(asked("POST", "/networks/create", {"Name": "more"}, networks(most)), "networks-full", 403)


def test_volumes_are_counted_and_known_ones_may_be_named_again() -> None:
    """`docker volume create` of a name that is there is no new volume."""
    most = OWNER.limits.volumes
    forwarded(asked("POST", "/volumes/create", {"Name": "more"}, volumes(most - 1)))
    forwarded(asked("POST", "/volumes/create", {"Name": "v0"}, volumes(most)))
    refused(asked("POST", "/volumes/create", {"Name": "more"}, volumes(most)), "volumes-full", 403)


def test_containers_that_restart_are_counted() -> None:
    """Case L206: each of them carries the label that is counted, and others do not."""
    most = OWNER.limits.restarting
    policy = {"HostConfig": {"RestartPolicy": {"Name": "on-failure"}}}
    items = [container(f"{number:064x}", f"n{number}") for number in range(most)]
    for item in items[1:]:
        item["Labels"] |= {"dosirak.restarts": "1"}
    assert created(policy, knowledge(containers=items))["Labels"]["dosirak.restarts"] == "1"
    items[0]["Labels"] |= {"dosirak.restarts": "1"}
    full = knowledge(containers=items)
    refused(asked("POST", "/containers/create", {"Image": "diamol/base"} | policy, full), "restarts-full", 403)
    assert "dosirak.restarts" not in created({}, full)["Labels"]


def test_a_lab_over_its_bound_still_makes_containers_without_volumes() -> None:
    """As after a setting was lowered."""
    assert created({}, volumes(OWNER.limits.volumes + 2))["HostConfig"]["Mounts"] == []


def test_a_stopped_container_with_volumes_can_be_copied_from() -> None:
    """Nothing moves under the engine's hands then."""
    item = container(DB, "db", state="exited") | {"Mounts": [{"Type": "volume", "Name": "x"}]}
    assert forwarded(asked("GET", "/containers/db/archive?path=/x", None, knowledge(containers=[item])))


def test_a_decision_without_facts_asks_for_them() -> None:
    """And never guesses: whatever names an object needs the lab's own list."""
    for path in ("/containers/web/start", "/containers/prune", "/networks/prune", "/volumes/prune"):
        assert isinstance(asked("POST", path, None, {}), Need)
    known: dict[Any, Any] = {}
    for _ in range(4):
        verdict = asked("POST", "/containers/create", {"Image": "diamol/base"}, known)
        known |= {question: knowledge()[question] for question in getattr(verdict, "questions", ())}
    assert isinstance(verdict, Forward) and not isinstance(verdict, Answer)


def test_a_pattern_with_repetitions_is_never_run_here() -> None:
    """Case F139: the engine's reader cannot be slowed down by one, Python's can: all that the engine found is kept."""
    assert name_filter(("z+",))(["/web"]) and name_filter(("(a+)+$",))(["/" + "a" * 40 + "!"])
    assert name_filter(("^/we",))(["/web"]) and not name_filter(("z",))(["/web"])
