"""Whatever is asked, what leaves is from a closed grammar, and nothing is raised."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guard.container_fields import CONFIG, host_config_table
from bot.guard.execs import EXEC
from bot.guard.forced import CAPABILITIES, host_config
from bot.guard.routes import ROUTES
from bot.guard.verdict import Answer, Forward, Need, Refuse, Several, Upstream, Verdict
from tests.guard.lab import DB, LAB, NETWORK, OWNER, WEB, asked, knowledge

IDENTITY = "[0-9a-f]{64}"
GRAMMAR = re.compile(
    rf"(GET /containers/json|GET /events|GET /version|POST /containers/create|POST /images/create"
    rf"|GET /containers/{IDENTITY}/(json|top|logs|changes|stats|archive)|HEAD /containers/{IDENTITY}/archive"
    rf"|POST /containers/{IDENTITY}/(resize|start|stop|restart|kill|update|rename|pause|unpause|attach|wait|exec)"
    rf"|DELETE /containers/{IDENTITY}|PUT /containers/{IDENTITY}/archive"
    rf"|POST /exec/{IDENTITY}/(start|resize)|GET /exec/{IDENTITY}/json|GET /images/sha256:{IDENTITY}/(json|history)"
    rf"|POST /networks/create|(GET|DELETE) /networks/{IDENTITY}|POST /networks/{IDENTITY}/(connect|disconnect)"
    rf"|POST /volumes/create|DELETE /volumes/lab-{LAB}\.[A-Za-z0-9_.-]+)"
)
"""Every request line that can ever reach the engine on a lab's behalf (facts apart)."""
OWN_IDS = {WEB, DB, NETWORK, "f" * 64}

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=12), st.sampled_from(["host", "/", "web"])
)
values = st.recursive(
    scalars,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=6,
)
host_keys = st.sampled_from(sorted(host_config_table(OWNER.limits)))
config_keys = st.sampled_from(sorted(CONFIG))
bodies = st.fixed_dictionaries(
    {},
    optional={
        "Image": st.sampled_from(["diamol/base", "", "evil/x"]) | values,
        "HostConfig": st.dictionaries(host_keys | st.text(max_size=8), values, max_size=3) | values,
        "NetworkingConfig": st.fixed_dictionaries({"EndpointsConfig": values}) | values,
    },
).flatmap(lambda body: st.dictionaries(config_keys | host_keys, values, max_size=3).map(lambda more: more | body))


def requests_of(verdict: Verdict) -> tuple[Upstream, ...]:
    if isinstance(verdict, Forward):
        return (verdict.request,)
    return verdict.requests if isinstance(verdict, Several) else ()


def assert_closed(verdict: Verdict) -> None:
    """The invariants of what may leave."""
    assert isinstance(verdict, Refuse | Answer | Forward | Several | Need)
    for request in requests_of(verdict):
        assert GRAMMAR.fullmatch(f"{request.method} {request.path}"), request
        for identity in re.findall(rf"/(?:containers|networks)/({IDENTITY})", request.path):
            assert identity in OWN_IDS
        assert len({key for key, _ in request.query}) == len(request.query)


def is_dangerous(host: dict[str, Any]) -> bool:
    """The danger oracle: anything in a HostConfig that reaches beyond the lab."""
    wrong = [
        host[key] != value
        for key, value in host_config(OWNER).items()
        if key not in ("Memory", "MemorySwap", "NanoCpus", "PidsLimit")
    ]
    mounts = [
        mount
        for mount in host["Mounts"]
        if mount["Type"] not in ("volume", "tmpfs")
        or ("VolumeOptions" in mount and "DriverConfig" in mount["VolumeOptions"])
    ]
    foreign = [mount for mount in host["Mounts"] if not mount.get("Source", OWNER.prefix).startswith(OWNER.prefix)]
    limits = OWNER.limits
    too_much = host["Memory"] > limits.container_memory or not 0 < host["PidsLimit"] <= limits.container_pids
    return bool(
        any(wrong)
        or mounts
        or foreign
        or too_much
        or host["NetworkMode"] not in {*OWN_IDS, "none"}
        or set(host["CapAdd"]) - set(CAPABILITIES)
    )


@settings(max_examples=120, deadline=None)
@given(bodies)
def test_no_create_body_gets_a_dangerous_container(body: dict[str, Any]) -> None:
    """Properties (a), (b) and (e): closed grammar, no danger, no exception."""
    verdict = asked("POST", "/v1.41/containers/create", json.dumps(body).encode())
    assert_closed(verdict)
    if isinstance(verdict, Forward):
        assert not is_dangerous(verdict.request.body["HostConfig"])
        assert verdict.request.body["Image"].startswith("sha256:1111")
        assert verdict.request.body["Labels"]["dosirak.lab"] == LAB


@settings(max_examples=60, deadline=None)
@given(bodies, host_keys | config_keys, values)
def test_adding_a_key_to_a_refused_body_never_allows_it(body: dict[str, Any], key: str, value: Any) -> None:
    """Property (d), for keys that the body does not have yet."""
    if key in body:
        return
    before = asked("POST", "/v1.41/containers/create", json.dumps(body).encode())
    if isinstance(before, Refuse) and key != "Image":
        after = asked("POST", "/v1.41/containers/create", json.dumps(body | {key: value}).encode())
        assert isinstance(after, Refuse)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(EXEC)) | st.text(max_size=8), values, max_size=4))
def test_no_exec_body_is_privileged(body: dict[str, Any]) -> None:
    """The body of an exec is built anew too."""
    verdict = asked("POST", f"/containers/{WEB}/exec", json.dumps(body).encode())
    assert_closed(verdict)
    if isinstance(verdict, Forward):
        assert verdict.request.body["Privileged"] is False and set(verdict.request.body) <= set(EXEC)


paths = st.sampled_from([route.path for route in ROUTES]).map(lambda path: re.sub(r"\{\w+\}", "web", path)) | st.text(
    "/abw.%:@", max_size=20
)
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
parameters = st.dictionaries(
    st.sampled_from(
        [
            "name",
            "filters",
            "t",
            "signal",
            "all",
            "limit",
            "fromImage",
            "tag",
            "path",
            "since",
            "tail",
            "condition",
            "h",
            "ps_args",
        ]
    ),
    st.text(max_size=20) | values.map(json.dumps),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(methods, paths, parameters, st.none() | st.dictionaries(st.text(max_size=10), values, max_size=3))
def test_no_call_at_all_leaves_the_grammar(method: str, path: str, query: dict[str, str], body: Any) -> None:
    """Any method, path, parameters and body: a verdict, and only known requests."""
    assert_closed(asked(method, path if path.startswith("/") else "/" + path, body, **query))


@settings(deadline=None)
@given(methods, paths)
def test_without_facts_nothing_is_forwarded_that_names_an_object(method: str, path: str) -> None:
    """A decision without the lab's own list cannot know a full id."""
    for request in requests_of(asked(method, path if path.startswith("/") else "/" + path, None, {})):
        assert not re.search(IDENTITY, request.path)


def test_a_decision_asks_for_facts_until_it_has_them() -> None:
    """Need names the questions; their answers lead to the same verdict as knowing all from the start."""
    known: dict[Any, Any] = {}
    everything = knowledge()
    for _ in range(4):
        verdict = asked("POST", "/containers/create", {"Image": "diamol/base"}, known)
        if not isinstance(verdict, Need):
            break
        known |= {question: everything[question] for question in verdict.questions}
    assert isinstance(verdict, Forward)
    assert verdict.request == requests_of(asked("POST", "/containers/create", {"Image": "diamol/base"}))[0]
