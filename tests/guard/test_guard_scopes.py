"""References and lists: the lab's own objects, and no trace of anyone else's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.guard import facts as ask
from bot.guard.ports import FIRST_FREE_PORT
from bot.guard.verdict import Answer, Carry, Need, Refuse, Several
from tests.guard.lab import (
    DB,
    HIDDEN_IMAGE,
    IMAGE,
    LAB,
    NETWORK,
    OTHER,
    OTHER_NETWORK,
    OWNER,
    THEIRS,
    TOOLBOX,
    WEB,
    asked,
    container,
    forwarded,
    knowledge,
    network,
    published,
    refused,
)

EXEC, THEIR_EXEC = "5" * 64, "6" * 64
EXECS = {
    ask.execution(EXEC): {"ContainerID": WEB, "ProcessConfig": {"tty": False}, "Running": False, "Pid": 4242},
    ask.execution(THEIR_EXEC): {"ContainerID": THEIRS, "ProcessConfig": {"tty": False}},
    ask.execution("7" * 64): {"ContainerID": TOOLBOX, "ProcessConfig": {"tty": False}},
    ask.execution("8" * 64): None,
}

CALLS = [
    ("GET", "/containers/{}/json", None),
    ("GET", "/containers/{}/top", None),
    ("GET", "/containers/{}/logs?stdout=1", None),
    ("GET", "/containers/{}/changes", None),
    ("GET", "/containers/{}/stats", None),
    ("POST", "/containers/{}/resize?h=1&w=1", None),
    ("POST", "/containers/{}/start", None),
    ("POST", "/containers/{}/stop", None),
    ("POST", "/containers/{}/restart", None),
    ("POST", "/containers/{}/kill", None),
    ("POST", "/containers/{}/update", {"RestartPolicy": {"Name": "no"}}),
    ("POST", "/containers/{}/rename?name=other", None),
    ("POST", "/containers/{}/pause", None),
    ("POST", "/containers/{}/unpause", None),
    ("POST", "/containers/{}/attach?stdout=1", None),
    ("POST", "/containers/{}/wait", None),
    ("DELETE", "/containers/{}?force=1", None),
    ("HEAD", "/containers/{}/archive?path=/x", None),
    ("GET", "/containers/{}/archive?path=/x", None),
    ("PUT", "/containers/{}/archive?path=/x", None),
    ("POST", "/containers/{}/exec", {"Cmd": ["ls"]}),
]
FOREIGN = [
    THEIRS,
    THEIRS[:12],
    TOOLBOX,
    TOOLBOX[:12],
    "shop",
    "toolbox",
    f"lab-{OTHER}.shop",
    f"lab-{LAB}.web",
    "d",
    "f" * 64,
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_a_call_reaches_the_engine_with_a_full_id_of_the_labs_own(method: str, path: str, body: Any) -> None:
    """By name, by full id and by its beginning; the engine never sees what the client wrote."""
    for reference in ("web", WEB, WEB[:12], "c1"):
        request = forwarded(asked(method, path.format(reference), body)).request
        assert request.path.startswith(f"/containers/{WEB}") and request.method == method


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize("reference", FOREIGN)
def test_a_foreign_object_looks_like_a_missing_one(method: str, path: str, body: Any, reference: str) -> None:
    """Cases F134, I172, K204: the same words for both, whatever the reference."""
    verdict = asked(method, path.format(reference), body)
    assert verdict == Refuse(404, "no-container", f"No such container: {reference}")


def test_a_name_beats_the_beginning_of_an_id_and_a_full_id_beats_a_name() -> None:
    """The engine's own order."""
    shadow = container("e" * 64, WEB[:3])
    known = knowledge(containers=[container(WEB, "web"), shadow])
    assert (
        forwarded(asked("POST", f"/containers/{WEB[:3]}/pause", None, known)).request.path
        == f"/containers/{'e' * 64}/pause"
    )
    assert forwarded(asked("POST", f"/containers/{WEB}/pause", None, known)).request.path == f"/containers/{WEB}/pause"


@pytest.mark.parametrize(("reference", "filters"), [(WEB, {"id": [WEB]}), ("web", {}), (WEB[:12], {})])
def test_only_for_a_full_id_the_engine_is_asked_about_one_container_and_always_in_the_lab(
    reference: str, filters: dict[str, Any]
) -> None:
    """For a list it goes through the containers of all labs; a name, or the beginning of an id, needs that."""
    verdict = asked("POST", f"/containers/{reference}/wait", None, {})
    assert isinstance(verdict, Need)
    (request,) = (question.request for question in verdict.questions)
    assert request is not None and json.loads(dict(request.query)["filters"]) == {
        "label": [f"dosirak.lab={LAB}"],
        **filters,
    }


def test_a_start_asks_for_the_other_containers_only_where_a_port_could_be_taken() -> None:
    """Whose ports are taken is seen in the whole list."""
    for item, questions in ((container(DB, "db", state="exited"), 0), (published(container(DB, "db"), 8088), 1)):
        known = {ask.meant(OWNER, DB): [item | {"State": "exited"}]}
        verdict = asked("POST", f"/containers/{DB}/start", None, known)
        assert len(getattr(verdict, "questions", ())) == questions


def test_an_ambiguous_beginning_is_dockers_error() -> None:
    """Case F135."""
    assert (
        "Multiple IDs found with provided prefix: c"
        in refused(asked("POST", "/containers/c/pause"), "ambiguous").message
    )


def test_the_list_asks_for_the_lab_and_shows_only_learners_objects_in_their_names() -> None:
    """The client's label filter is added to the lab's, never in place of it; the answer is checked again."""
    forward = forwarded(
        asked("GET", "/containers/json", None, all="1", filters=json.dumps({"label": ["dosirak.lab=" + OTHER]}))
    )
    assert json.loads(dict(forward.request.query)["filters"])["label"] == [f"dosirak.lab={LAB}", f"dosirak.lab={OTHER}"]
    engine = [
        published(container(WEB, "web"), 8088),
        container(THEIRS, "shop", lab=OTHER),
        container(TOOLBOX, "t", role="toolbox"),
    ]
    (shown,) = forward.reply.view(engine)
    assert shown["Names"] == ["/web"] and shown["Image"] == "diamol/base"
    assert shown["Ports"] == [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8088, "Type": "tcp"}]
    assert list(shown["NetworkSettings"]["Networks"]) == ["bridge"]
    assert not any(word in json.dumps(shown) for word in ("dosirak", f"lab-{LAB}"))


def test_filters_are_translated_into_the_engines_names() -> None:
    """Cases F139 and the table: values are resolved, patterns are left to the engine's RE2."""
    filters = {
        "name": ["^/web$", "(a+)+$"],
        "network": ["bridge"],
        "volume": ["data"],
        "before": ["web"],
        "ancestor": ["diamol/base"],
    }
    query = dict(forwarded(asked("GET", "/containers/json", None, filters=json.dumps(filters))).request.query)
    sent = json.loads(query["filters"])
    assert (
        sent["network"] == [NETWORK, f"lab-{LAB}"] and sent["volume"] == [f"lab-{LAB}.data"] and sent["before"] == [WEB]
    )
    assert sent["ancestor"] == [IMAGE] and sent["name"] == [f"^/(lab\\-{LAB}\\.)?web$", "(a+)+$"]
    old = asked("GET", "/containers/json", None, filters='{"status":{"exited":true}}')
    assert json.loads(dict(forwarded(old).request.query)["filters"])["status"] == ["exited"]


@pytest.mark.parametrize(
    "filters", ['{"evil":["x"]}', "[]", '{"name":"x"}', '{"name":[1]}', '{"name":["a"],"name":["b"]}']
)
def test_filters_outside_the_list_are_refused(filters: str) -> None:
    """A filter that the lab does not know could mean anything to the engine."""
    verdict = asked("GET", "/containers/json", None, filters=filters)
    assert isinstance(verdict, Refuse) and verdict.status == 400


def test_a_second_running_container_on_a_port_gets_dockers_error() -> None:
    """Ports belong to the lab; a stopped container's port is free."""
    running, other = published(container(WEB, "web"), 8088), published(container(DB, "db", state="created"), 8088)
    verdict = asked("POST", "/containers/db/start", None, knowledge(containers=[running, other]))
    message = refused(verdict, "port-taken", 500).message
    assert message.startswith("driver failed programming external connectivity on endpoint db (")
    assert message.endswith("Bind for 0.0.0.0:8088 failed: port is already allocated")
    stopped = [running | {"State": "exited"}, other]
    assert forwarded(asked("POST", "/containers/db/start", None, knowledge(containers=stopped))).started == DB


def test_a_port_without_a_number_gets_the_lowest_free_one() -> None:
    """Deterministic, from the first one up, over all of the lab's containers."""
    known = knowledge(containers=[published(container(WEB, "web"), FIRST_FREE_PORT)])
    body = {
        "Image": "diamol/base",
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": ""}]}, "PublishAllPorts": True},
    }
    labels = forwarded(
        asked("POST", "/containers/create", body | {"ExposedPorts": {"90/udp": {}}}, known)
    ).request.body["Labels"]
    hosts = [(port["host"], port["container"], port["protocol"]) for port in json.loads(labels["dosirak.ports"])]
    assert hosts == [(FIRST_FREE_PORT + 1, 80, "tcp"), (FIRST_FREE_PORT + 2, 90, "udp")]


def test_inspect_shows_the_labs_view_and_no_path_of_the_host() -> None:
    """Names, ports and networks are virtual; forced settings show as limits; process ids and paths are gone."""
    item = {
        "Id": WEB,
        "Name": f"/lab-{LAB}.web",
        "LogPath": "/host/path",
        "Image": IMAGE,
        "State": {"Running": True, "Paused": False, "Restarting": False, "Pid": 777, "Status": "running"},
        "Config": {"Image": IMAGE, "Labels": published(container(WEB, "web"), 8088)["Labels"] | {"own": "1"}},
        "HostConfig": {"NetworkMode": NETWORK, "CgroupParent": f"/dosirak/{LAB}", "Memory": 5, "Mounts": None},
        "Mounts": [{"Type": "volume", "Name": f"lab-{LAB}.data", "Source": "/host/volumes/x", "Destination": "/data"}],
        "NetworkSettings": {
            "SandboxKey": "/host/netns",
            "Ports": {},
            "Networks": {f"lab-{LAB}": {"NetworkID": NETWORK, "IPAddress": "10.64.0.3"}},
        },
    }
    shown = forwarded(asked("GET", "/containers/web/json")).reply.view(item)
    assert (
        shown["Name"] == "/web"
        and shown["Config"]["Image"] == "diamol/base"
        and shown["Config"]["Labels"] == {"own": "1"}
    )
    assert shown["NetworkSettings"]["Ports"] == {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8088"}]}
    assert shown["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": "8088"}]}
    assert (
        shown["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        == shown["NetworkSettings"]["IPAddress"]
        == "10.64.0.3"
    )
    assert not any(word in json.dumps(shown) for word in ("/host", "777", "dosirak", f"lab-{LAB}"))


@pytest.mark.parametrize(
    "identity", [THEIR_EXEC, "7" * 64, "8" * 64, EXEC[:12], EXEC[:63], EXEC.upper().replace("5", "A")]
)
@pytest.mark.parametrize("path", ["start", "resize?h=1&w=1", "json"])
def test_an_exec_of_another_lab_or_of_the_toolbox_does_not_exist(identity: str, path: str) -> None:
    """Cases B59, B61: full ids only, and only of the lab's own containers."""
    body = {"Detach": False, "Tty": False} if path == "start" else None
    method = "GET" if path == "json" else "POST"
    refused(asked(method, f"/exec/{identity}/{path}", body, knowledge(more=EXECS)), "no-exec instance", 404)


def test_an_exec_is_built_anew_and_hijacks_only_when_attached() -> None:
    """Cases B50, D114: the terminal setting is the created one, privileges are none."""
    known = knowledge(more=EXECS)
    attached = forwarded(asked("POST", f"/exec/{EXEC}/start", {"Detach": False, "Tty": False}, known))
    assert attached.reply.carry is Carry.HIJACK and attached.request.body == {"Detach": False, "Tty": False}
    assert forwarded(asked("POST", f"/exec/{EXEC}/start", {"Detach": True}, known)).reply.carry is Carry.WHOLE
    refused(asked("POST", f"/exec/{EXEC}/start", {"Tty": True}, known), "exec-tty", 400)
    refused(asked("POST", f"/exec/{EXEC}/start", b'{"Detach":true,"detach":false}', known), "bad-json", 400)
    body = forwarded(asked("POST", "/containers/web/exec", {"Cmd": ["ls"], "User": "0"})).request.body
    assert body["Privileged"] is False and body["User"] == "0"
    refused(asked("POST", "/containers/web/exec", {"Cmd": ["ls"], "Privileged": True}), "exec-privileged", 403)
    refused(asked("POST", "/containers/web/exec", {"Cmd": []}), "no-command", 400)
    refused(asked("POST", "/containers/web/exec", {"Cmd": ["x"], "WorkingDir": "/proc/self/fd/7"}), "workdir", 403)
    full = knowledge(execs=["x"] * OWNER.limits.execs)
    refused(asked("POST", "/containers/web/exec", {"Cmd": ["ls"]}, full), "execs-full", 403)


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize(("user", "looks_up"), [({}, False), ({"user": ""}, False), ({"user": "0"}, True)])
def test_an_exec_with_a_user_takes_a_turn_at_its_start(detach: bool, user: dict[str, str], looks_up: bool) -> None:
    """Case L206: only then does the engine read files of the container."""
    known = knowledge(more={ask.execution(EXEC): {"ContainerID": WEB, "ProcessConfig": {"tty": False} | user}})
    verdict = forwarded(asked("POST", f"/exec/{EXEC}/start", {"Detach": detach, "Tty": False}, known))
    assert verdict.looks_up == looks_up
    made = forwarded(asked("POST", "/containers/web/exec", {"Cmd": ["ls"], "User": user.get("user", "")}))
    assert made.looks_up_later == looks_up and not made.looks_up


def test_networks_are_the_labs_own_and_its_bridge() -> None:
    """The lab's network is the learner's bridge, `host` is not there, and foreign ones look missing."""
    verdict = asked("GET", "/networks")
    assert isinstance(verdict, Answer)
    assert [item["Name"] for item in json.loads(verdict.body)] == ["bridge", "back", "none"]
    for path in (f"/networks/{OTHER_NETWORK}", f"/networks/lab-{OTHER}", "/networks/host"):
        refused(asked("GET", path), "no-network", 404)
    view = forwarded(asked("GET", "/networks/bridge")).reply.view
    item = knowledge()[ask.networks(OWNER)][0] | {
        "Containers": {WEB: {"Name": f"lab-{LAB}.web"}, TOOLBOX: {"Name": "toolbox-x"}}
    }
    assert view(item)["Containers"] == {WEB: {"Name": "web"}} and view(item)["Name"] == "bridge"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Driver": "host"}, "network-driver"),
        ({"Driver": "macvlan"}, "network-driver"),
        ({"Options": {"com.docker.network.bridge.name": "docker0"}}, "network-driver"),
        ({"IPAM": {"Config": [{"Subnet": "169.254.169.0/24"}]}}, "network-address"),
        ({"IPAM": {"Driver": "x"}}, "network-address"),
        ({"EnableIPv6": True}, "network-address"),
        ({"ConfigFrom": {"Network": "x"}}, "network-driver"),
        ({"Ingress": True}, "network-driver"),
        ({"Scope": "swarm"}, "network-driver"),
        ({"Labels": {"dosirak.lab": "x"}}, "reserved-label"),
        ({"Name": "back"}, "name-in-use"),
        ({"Name": "bridge"}, "predefined-network"),
        ({"Name": "host"}, "predefined-network"),
        ({"Name": "a b"}, "bad-name"),
    ],
)
def test_a_network_takes_nothing_but_a_name_and_labels(change: dict[str, Any], code: str) -> None:
    """Cases H157–H160."""
    verdict = asked("POST", "/networks/create", {"Name": "front", "Driver": "bridge"} | change)
    assert isinstance(verdict, Refuse) and verdict.code == code


def test_a_new_network_is_internal_and_its_bridge_is_named_for_the_firewall() -> None:
    """The host's rules are about interfaces that begin with `lab`."""
    body = forwarded(asked("POST", "/networks/create", {"Name": "front", "Internal": False})).request.body
    assert body["Internal"] is True and body["EnableIPv6"] is False and body["Name"] == f"lab-{LAB}.front"
    bridge = body["Options"]["com.docker.network.bridge.name"]
    assert bridge == f"lab{LAB}00" and len(bridge) <= 15


def test_a_network_has_other_bridges_in_case_the_engine_holds_the_first() -> None:
    """The next free ones of the lab's own; nothing else of the request is another."""
    key = "com.docker.network.bridge.name"
    taken = network("7" * 64, f"lab-{LAB}.mine", "learner") | {"Options": {key: f"lab{LAB}01"}}
    known = knowledge(networks=[network(NETWORK, f"lab-{LAB}", "network"), taken])
    verdict = forwarded(asked("POST", "/networks/create", {"Name": "front"}, known))
    requests = (verdict.request, *verdict.instead)
    assert [request.body["Options"][key][-2:] for request in requests] == ["00", "02", "03", "04"]
    assert all(request.body["Options"][key].startswith(f"lab{LAB}") for request in requests)
    plain = [replace(request, body=request.body | {"Options": None}) for request in requests]
    assert plain == [plain[0]] * len(plain)


def test_connecting_needs_both_sides_and_keeps_only_aliases() -> None:
    """Cases H161, H162."""
    body = {"Container": "web", "EndpointConfig": {"Aliases": ["www"]}}
    assert forwarded(asked("POST", "/networks/back/connect", body)).request.body == {
        "Container": WEB,
        "EndpointConfig": {"Aliases": ["web", "www"]},
    }
    refused(asked("POST", f"/networks/{OTHER_NETWORK}/connect", body), "no-network", 404)
    refused(asked("POST", "/networks/back/connect", {"Container": THEIRS}), "no-container", 404)
    refused(asked("POST", "/networks/back/disconnect", {"Container": THEIRS, "Force": True}), "no-container", 404)
    for extra in (
        {"IPAMConfig": {"IPv4Address": "10.0.0.2"}},
        {"MacAddress": "x"},
        {"DriverOpts": {"a": "b"}},
        {"GwPriority": 5},
    ):
        verdict = asked("POST", "/networks/back/connect", {"Container": "web", "EndpointConfig": extra})
        assert isinstance(verdict, Refuse) and verdict.status == 403


def test_volumes_have_no_options_and_no_place() -> None:
    """Cases E120–E129."""
    for extra in (
        {"DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
        {"Driver": "vieux/sshfs"},
        {"ClusterVolumeSpec": {"Group": "x"}},
    ):
        refused(asked("POST", "/volumes/create", {"Name": "vol"} | extra), "volume-driver", 403)
    body = forwarded(asked("POST", "/volumes/create", {"Name": "vol", "Labels": {"a": "b"}})).request.body
    assert body == {
        "Name": f"lab-{LAB}.vol",
        "Driver": "local",
        "DriverOpts": {},
        "Labels": {"a": "b"} | OWNER.labels(),
    }
    verdict = asked("GET", "/volumes")
    assert isinstance(verdict, Answer) and [item["Name"] for item in json.loads(verdict.body)["Volumes"]] == ["data"]
    refused(asked("DELETE", f"/volumes/lab-{OTHER}.data"), "no-volume", 404)
    assert forwarded(asked("DELETE", "/volumes/data")).request.path == f"/volumes/lab-{LAB}.data"


def test_prunes_remove_the_labs_own_idle_objects_one_by_one() -> None:
    """The engine's own prune would be asked with a filter; here each is named."""
    prune = asked("POST", "/containers/prune")
    assert isinstance(prune, Several) and [request.path for request in prune.requests] == [f"/containers/{DB}"]
    assert json.loads(prune.answer((204,)).body)["ContainersDeleted"] == [DB]
    assert json.loads(prune.answer((409,)).body)["ContainersDeleted"] is None
    volumes = asked("POST", "/volumes/prune")
    assert isinstance(volumes, Several) and [request.path for request in volumes.requests] == [
        f"/volumes/lab-{LAB}.data"
    ]
    for path in ("/images/prune", "/build/prune"):
        assert isinstance(asked("POST", path), Answer)
    labelled = asked("POST", "/containers/prune", None, filters='{"label":["x"]}')
    assert isinstance(labelled, Several) and not labelled.requests
    refused(asked("POST", "/containers/prune", None, filters='{"until":["1h"]}'), "bad-filter", 400)


def test_archives_avoid_the_kernels_folders_and_running_mounts() -> None:
    """Cases I175, I176."""
    for path in ("/proc/1/root", "/proc/self/environ", "/dev/sda", "/sys", "/a/../proc", "", "/x\x01"):
        verdict = asked("GET", "/containers/web/archive", None, path=path)
        assert isinstance(verdict, Refuse) and verdict.code == "copy-path"
    mounted = container(WEB, "web") | {"Mounts": [{"Name": "x"}]}
    refused(asked("GET", "/containers/web/archive?path=/x", None, knowledge(containers=[mounted])), "copy-running", 403)


def test_engine_wide_answers_are_about_the_lab() -> None:
    """info and system df count the lab's own and name none of the host's."""
    info, usage = asked("GET", "/info"), asked("GET", "/system/df")
    assert isinstance(info, Answer) and isinstance(usage, Answer)
    assert json.loads(info.body)["Containers"] == 2 and json.loads(info.body)["Images"] == 1
    assert len(json.loads(usage.body)["Images"]) == 1
    assert HIDDEN_IMAGE.encode() not in usage.body


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/auth", "login"),
        ("POST", "/build", "build"),
        ("POST", "/session", "build"),
        ("POST", "/grpc", "build"),
        ("POST", "/commit", "commit"),
        ("POST", "/images/load", "image-load"),
        ("GET", "/images/get", "image-save"),
        ("GET", "/images/search", "registry"),
        ("GET", "/distribution/127.0.0.1:9/x/json", "registry"),
        ("POST", "/images/diamol/base/tag", "image-tag"),
        ("POST", "/images/diamol/base/push", "image-push"),
        ("GET", "/containers/web/export", "image-save"),
        ("GET", "/containers/web/attach/ws", "websocket-attach"),
        ("POST", "/containers/web/checkpoints", "checkpoint"),
        ("POST", "/swarm/init", "swarm"),
        ("GET", "/services", "swarm"),
        ("GET", "/secrets/x", "swarm"),
        ("POST", "/plugins/pull", "plugins"),
        ("PUT", "/volumes/data", "volume-driver"),
        ("POST", "/containers/web/copy", "no-route"),
    ],
)
def test_what_a_lab_does_not_have_is_refused_without_the_engine(method: str, path: str, code: str) -> None:
    """Cases A15, B70, G154–G156: decided with no fact at all."""
    verdict = asked(method, path, None, {})
    assert isinstance(verdict, Refuse) and verdict.code == code


def test_a_limit_cannot_be_widened_afterwards() -> None:
    """Cases D105, D115."""
    for body in (
        {"Memory": 8 * 2**30},
        {"PidsLimit": -1},
        {"NanoCpus": 8 * 10**9},
        {"Devices": [{}]},
        {"CgroupParent": "/"},
    ):
        refused(asked("POST", "/containers/web/update", body), "update", 403)
    refused(asked("POST", "/containers/web/update", {"RestartPolicy": {"Name": "always"}}), "restart", 403)
    again = {"RestartPolicy": {"Name": "on-failure"}}
    refused(asked("POST", "/containers/web/update", again), "restart-late", 403)
    item = container(WEB, "web")
    item["Labels"] |= {"dosirak.restarts": "1"}
    forwarded(asked("POST", "/containers/web/update", again, knowledge(containers=[item])))
