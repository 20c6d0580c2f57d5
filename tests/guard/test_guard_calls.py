"""Paths, versions and queries: read in one way only, or refused before the engine is asked anything."""

from __future__ import annotations

import pytest

from bot.guard import decide
from bot.guard.call import Call
from bot.guard.verdict import Answer, Refuse
from tests.guard.lab import OWNER, WEB, asked, forwarded, knowledge, refused


@pytest.mark.parametrize(
    "target",
    [
        "//containers/json",
        "//v1.41/containers/create",
        "/v1.41/containers/./json",
        "/v1.41/containers/../info",
        "/v1.41/containers/%2e%2e/info",
        "/v1.41/containers%2Fjson",
        f"/v1.41/containers/{WEB}%2Fjson",
        f"/v1.41/containers/{WEB}/json/",
        "/v1.41/containers/a/b/json",
        f"/v1.41/containers/{WEB}/json/../../{WEB}/json",
        "/v1/info",
        "/v1..41/info",
        "/v1.41.0/info",
        "/v01.41/info",
        "/V1.41/info",
        "/v1.41/v1.41/info",
        "/v1.٤١/info",
        "/v1.41%20/info",
        "/debug/pprof/heap",
        "/debug/vars",
        "/nothing",
        "*",
    ],
)
def test_a_path_that_is_not_in_the_table_is_404_without_the_engine(target: str) -> None:
    """Cases A1–A16: no dot, double slash, escape or second version finds a route."""
    assert asked("GET", target) == Refuse(404, "no-route", "page not found")


@pytest.mark.parametrize("escape", ["%00", "%0a", "%0d%0aX:", "%5c", "%7f"])
def test_a_control_character_in_a_path_is_400(escape: str) -> None:
    """Case A9."""
    assert refused(asked("GET", f"/v1.41/containers/{WEB}/json{escape}"), "bad-path", 400)


@pytest.mark.parametrize("version", ["v1.42", "v1.99", "v1.11", "v1.23", "v2.0", "v1.0", "v0.41", "v1.99999999999"])
def test_versions_outside_1_24_to_1_41_are_400(version: str) -> None:
    """Cases A12–A16: version 1.23's start would take a body that changes the container."""
    refused(asked("POST", f"/{version}/containers/{WEB}/start", {"Privileged": True}), "version", 400)


@pytest.mark.parametrize("version", ["/v1.24", "/v1.30", "/v1.41", ""])
def test_versions_that_are_spoken_lead_to_the_same_call(version: str) -> None:
    """The version that the client chose never reaches the engine."""
    assert forwarded(asked("GET", f"{version}/containers/{WEB}/json")).request.path == f"/containers/{WEB}/json"


@pytest.mark.parametrize(
    "query",
    [
        "name=a&name=b",
        "name=a;name=b",
        "name[]=a",
        "name=%ff",
        "name=a%00",
        "name=%zz",
        "=x",
        "&".join(f"k{n}=1" for n in range(99)),
    ],
)
def test_a_query_that_two_readers_could_read_differently_is_400(query: str) -> None:
    """Case A47."""
    refused(asked("POST", f"/v1.41/containers/{WEB}/rename?{query}"), "bad-query", 400)


def test_a_parameter_outside_the_list_never_reaches_the_engine() -> None:
    """What is not listed is not sent, whatever it is."""
    request = forwarded(asked("GET", f"/v1.41/containers/{WEB}/logs?stdout=1&NAME=x&size=1&evil=1")).request
    assert request.query == (("stdout", "1"),)


@pytest.mark.parametrize("call", ["start", "kill", "stop", "rename?name=fine", "wait", "resize?h=1&w=1"])
def test_a_body_where_none_belongs_is_refused(call: str) -> None:
    """Cases A12, A45, A46: the engine would let a form body win over the query."""
    refused(asked("POST", f"/v1.41/containers/{WEB}/{call}", b"name=evil"), "body-not-expected", 400)


def test_a_json_call_with_another_type_is_refused() -> None:
    """Case A14: the engine itself takes an exec start without a type."""
    call = Call("POST", "/containers/create", {}, b'{"Image":"diamol/base"}', "application/x-www-form-urlencoded")
    refused(decide(call, OWNER, knowledge()), "content-type", 400)


def test_ping_says_the_version_and_nothing_that_makes_the_cli_try_more() -> None:
    """No BuildKit, no swarm: the CLI then does not ask for them."""
    verdict = asked("HEAD", "/_ping")
    assert isinstance(verdict, Answer) and verdict.status == 200 and verdict.body == b""
    assert not {"Builder-Version", "Swarm"} & {name for name, _ in verdict.headers}
