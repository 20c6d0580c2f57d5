"""Whatever is asked, what leaves is from a closed grammar, and nothing is raised."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.guard.create import ASKED
from bot.guard.execs import EXEC
from bot.guard.forced import CAPABILITIES, host_config
from bot.guard.routes import ROUTES
from bot.guard.verdict import Answer, Forward, Need, Refuse, Several, Upstream, Verdict, to_json
from tests.guard.bodies import CONFIG_KEYS, FOLDS, HOST_KEYS, create_texts, keys, values
from tests.guard.cases import Step, read_corpus
from tests.guard.fuzzing import examples
from tests.guard.godecode import go_decode
from tests.guard.judged import WORLD
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

bodies = create_texts.map(str.encode)


def requests_of(verdict: Verdict) -> tuple[Upstream, ...]:
    if isinstance(verdict, Forward):
        return (verdict.request, *verdict.instead)
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


@examples(600)
@given(bodies)
def test_no_create_body_gets_a_dangerous_container(body: bytes) -> None:
    """Properties (a), (b) and (e): closed grammar, no exception, and what Go reads of it is not dangerous."""
    verdict = asked("POST", "/v1.41/containers/create", body)
    assert_closed(verdict)
    if isinstance(verdict, Forward):
        config, host = go_decode(to_json(verdict.request.body))
        assert not is_dangerous(host)
        assert host == verdict.request.body["HostConfig"]
        assert config["Image"].startswith("sha256:1111") and config["Labels"]["dosirak.lab"] == LAB
        assert set(verdict.request.body) <= {*CONFIG_KEYS, "HostConfig", "NetworkingConfig"}


@examples(300)
@given(bodies)
def test_what_go_would_read_as_an_escape_is_never_let_through(body: bytes) -> None:
    """The client's own bytes, read by the model of the engine: an escape in them is refused, not only rebuilt."""
    try:
        config, host = go_decode(body)
    except ValueError:
        return
    reaching = (host.get("Privileged") is True, host.get("PidMode") == "host", host.get("Binds") == ["/:/h"])
    if any(reaching) or host.get("NetworkMode") == "host" or config.get("Image") == "secret/other":
        assert isinstance(asked("POST", "/v1.41/containers/create", body), Refuse)


@examples(300)
@given(bodies)
def test_a_decision_is_the_same_every_time_and_its_result_is_a_fixed_point(body: bytes) -> None:
    """Property (c): the learner's fields of what was built, asked for again, build the same."""
    first, second = (asked("POST", "/v1.41/containers/create", body) for _ in range(2))
    if not isinstance(first, Forward):
        assert first == second
        return
    assert isinstance(second, Forward) and first.request == second.request
    built = first.request.body
    again = {key: built[key] for key in ASKED if key in built} | {"Image": built["Image"]}
    rebuilt = asked("POST", "/v1.41/containers/create", again)
    assert isinstance(rebuilt, Forward)
    assert {key: rebuilt.request.body.get(key) for key in again} == again


@examples(300)
@given(create_texts, keys((*HOST_KEYS, *CONFIG_KEYS)), values)
def test_adding_a_key_to_a_refused_body_never_allows_it(text: str, key: str, value: Any) -> None:
    """Property (d): before or after the rest, at the top level or in the HostConfig; only naming an image helps."""
    before = asked("POST", "/v1.41/containers/create", text.encode())
    if not isinstance(before, Refuse) or before.code in ("no-image-named", "no-image", "bad-reference"):
        return
    pair, inner = f"{key}:{json.dumps(value)}", text[1:-1]
    more = [f"{{{pair},{inner}}}", f"{{{inner},{pair}}}"] if inner else [f"{{{pair}}}"]
    more += [text.replace('"HostConfig":{', f'"HostConfig":{{{pair},', 1)] if '"HostConfig":{"' in text else []
    for body in more:
        assert isinstance(asked("POST", "/v1.41/containers/create", body.encode()), Refuse)


ALLOWED = [step for case in read_corpus() if {"sends", "creates"} <= set(case.raw) for step in case.steps(WORLD)]


@examples(150)
@given(st.sampled_from(ALLOWED), st.data())
def test_a_disguise_of_an_allowed_body_is_the_same_or_refused(step: Step, data: st.DataObject) -> None:
    """Property (f): escapes, blanks and order change nothing; another case, a folding or a key twice is refused."""
    body = json.loads(step.body or b"{}")
    plain = asked("POST", step.target, step.body)
    assert isinstance(plain, Forward)
    same = asked("POST", step.target, _disguised(dict(data.draw(st.permutations(list(body.items()))))).encode())
    assert isinstance(same, Forward) and same.request == plain.request
    key = data.draw(st.sampled_from(sorted(body)))
    twice = json.dumps(body)[:-1] + f",{json.dumps(data.draw(st.sampled_from([key, key.upper(), key.lower()])))}:null}}"
    assert isinstance(asked("POST", step.target, twice.encode()), Refuse)
    folded = "".join(FOLDS.get(letter, letter) for letter in key)
    if folded != key:
        other = {folded if name == key else name: value for name, value in body.items()}
        assert isinstance(asked("POST", step.target, json.dumps(other, ensure_ascii=False).encode()), Refuse)


def _disguised(value: Any) -> str:
    """The same value, every letter of its keys escaped, with blanks wherever JSON allows them."""
    if not isinstance(value, dict):
        return json.dumps(value)
    escaped = {"".join(f"\\u{ord(letter):04x}" for letter in key): _disguised(item) for key, item in value.items()}
    return "{ " + " ,\n".join(f'"{key}" : {item}' for key, item in escaped.items()) + "\t}"


@examples(150)
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


@examples(400)
@given(methods, paths, parameters, st.none() | st.dictionaries(st.text(max_size=10), values, max_size=3))
def test_no_call_at_all_leaves_the_grammar(method: str, path: str, query: dict[str, str], body: Any) -> None:
    """Any method, path, parameters and body: a verdict, and only known requests."""
    assert_closed(asked(method, path if path.startswith("/") else "/" + path, body, **query))


@examples(100)
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
