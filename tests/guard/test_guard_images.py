"""The image cache is virtual: pulled in the engine's own stream, listed from the shelf, removed from the shelf."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.guard.references import normalise
from bot.guard.verdict import Answer, Carry, Refuse, Verdict
from tests.guard.lab import IMAGE, WEB, asked, container, forwarded, image, knowledge, refused

EMPTY = knowledge(shelf=frozenset())
IDLE = knowledge(containers=[])


def lines(verdict: Verdict) -> list[Any]:
    assert isinstance(verdict, Answer)
    return [json.loads(line) for line in verdict.body.splitlines()]


def test_a_first_pull_of_an_image_that_the_engine_has_looks_like_a_pull() -> None:
    """The engine is not asked to pull; the shelf learns the reference."""
    verdict = asked("POST", "/images/create", None, EMPTY, fromImage="diamol/base", tag="latest")
    assert [line["status"] for line in lines(verdict)] == [
        "Pulling from diamol/base",
        "Already exists",
        f"Digest: sha256:{'9' * 64}",
        "Status: Downloaded newer image for diamol/base:latest",
    ]
    assert lines(verdict)[1]["id"] == "3" * 12
    assert isinstance(verdict, Answer) and verdict.add == ("diamol/base:latest",)


def test_a_second_pull_says_that_it_is_up_to_date() -> None:
    """As Docker does, without the layers."""
    assert [
        line["status"] for line in lines(asked("POST", "/images/create", None, fromImage="diamol/base", tag="latest"))
    ] == [
        "Pulling from diamol/base",
        f"Digest: sha256:{'9' * 64}",
        "Status: Image is up to date for diamol/base:latest",
    ]


def test_an_image_that_the_engine_lacks_is_really_pulled() -> None:
    """With the canonical reference alone; the shelf learns it when the stream ended well."""
    forward = forwarded(asked("POST", "/images/create", None, fromImage="docker.io/diamol/web"))
    assert forward.request.query == (("fromImage", "diamol/web"), ("tag", "latest"))
    assert forward.reply.carry is Carry.STREAM and forward.reply.add == ("diamol/web:latest",)


@pytest.mark.parametrize(
    "name",
    [
        "alpine",
        "evil/alpine",
        "evil.com/diamol/base",
        "localhost:5000/diamol/base",
        "docker.io:443/diamol/base",
        "127.0.0.1:9/x",
        "secret/other",
    ],
)
def test_an_image_outside_the_list_cannot_be_pulled(name: str) -> None:
    """Case G146: the engine is never pointed at a registry."""
    refused(asked("POST", "/images/create", None, fromImage=name, tag="latest"), "image-not-listed", 404)


@pytest.mark.parametrize("parameter", ["fromSrc", "repo", "message", "changes"])
def test_importing_is_refused(parameter: str) -> None:
    """Case G154: fromSrc would make the engine fetch a URL."""
    verdict = asked("POST", "/images/create", None, fromImage="diamol/base", **{parameter: "http://169.254.169.254/"})
    refused(verdict, "image-load", 403)


def test_a_digest_that_is_not_listed_cannot_be_pulled() -> None:
    """The list names tags."""
    refused(
        asked("POST", "/images/create", None, fromImage="diamol/base", tag="sha256:" + "9" * 64),
        "image-not-listed",
        404,
    )


def test_the_list_shows_the_shelf_alone() -> None:
    """Case G151."""
    verdict = asked("GET", "/images/json")
    assert isinstance(verdict, Answer)
    assert [item["RepoTags"] for item in json.loads(verdict.body)] == [["diamol/base:latest"]]
    assert lines(asked("GET", "/images/json", None, EMPTY)) == [[]]


def test_filters_of_the_image_list_work_as_dockers() -> None:
    """reference by pattern, dangling, and nothing unknown."""
    for filters, count in (({"reference": ["diamol/*"]}, 1), ({"reference": ["x*"]}, 0), ({"dangling": ["true"]}, 0)):
        verdict = asked("GET", "/images/json", None, filters=json.dumps(filters))
        assert isinstance(verdict, Answer) and len(json.loads(verdict.body)) == count


@pytest.mark.parametrize("name", ["diamol/base", "diamol/base:latest", IMAGE, IMAGE[7:19], "docker.io/diamol/base"])
def test_inspect_and_history_are_asked_by_id(name: str) -> None:
    """And only for what is on the shelf."""
    assert forwarded(asked("GET", f"/images/{name}/json")).request.path == f"/images/{IMAGE}/json"
    assert forwarded(asked("GET", f"/images/{name}/history")).request.path == f"/images/{IMAGE}/history"
    refused(asked("GET", f"/images/{name}/json", None, EMPTY), "no-image", 404)


def test_removing_takes_the_reference_from_the_shelf_with_dockers_words() -> None:
    """The engine keeps its image: other labs have it."""
    verdict = asked("DELETE", "/images/diamol/base", None, IDLE)
    assert isinstance(verdict, Answer) and verdict.remove == ("diamol/base:latest",)
    assert json.loads(verdict.body) == [
        {"Untagged": "diamol/base:latest"},
        {"Untagged": f"diamol/base@sha256:{'9' * 64}"},
        {"Deleted": IMAGE},
        {"Deleted": "sha256:" + "3" * 64},
    ]


def test_removing_an_image_in_use_is_dockers_conflict() -> None:
    """By name with a force that helps, by id of a running container without one."""
    message = refused(asked("DELETE", "/images/diamol/base"), "image-in-use", 409).message
    assert message.startswith(
        'conflict: unable to remove repository reference "diamol/base" (must force) - container c1'
    )
    forced = asked("DELETE", "/images/diamol/base?force=1")
    assert isinstance(forced, Answer) and "Deleted" not in forced.body.decode()
    assert "cannot be forced" in refused(asked("DELETE", f"/images/{IMAGE[7:19]}?force=1"), "image-in-use").message
    stopped = knowledge(containers=[container(WEB, "web", state="exited")])
    assert "must be forced" in refused(asked("DELETE", f"/images/{IMAGE[7:19]}", None, stopped), "image-in-use").message


def test_an_image_with_two_names_loses_one() -> None:
    """Only the last name deletes."""
    both = frozenset({"diamol/base:latest", "diamol/web:latest"})
    item = image(IMAGE, "diamol/base:latest") | {"RepoTags": ["diamol/base:latest", "diamol/web:latest"]}
    verdict = asked("DELETE", "/images/diamol/base", None, knowledge(images=[item], shelf=both))
    assert isinstance(verdict, Answer) and json.loads(verdict.body) == [{"Untagged": "diamol/base:latest"}]


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("alpine", "alpine:latest"),
        ("library/alpine", "alpine:latest"),
        ("docker.io/library/alpine", "alpine:latest"),
        ("index.docker.io/library/alpine:3", "alpine:3"),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
        ("a/b@sha256:" + "0" * 64, "a/b@sha256:" + "0" * 64),
        ("a/b:t@sha256:" + "0" * 64, "a/b@sha256:" + "0" * 64),
        ("xn--a.com/x", "xn--a.com/x:latest"),
    ],
)
def test_references_have_one_form(text: str, familiar: str) -> None:
    """As distribution/reference writes them."""
    assert normalise(text) == familiar


def test_every_verdict_of_a_refusal_has_a_message() -> None:
    """A missing image's words are what makes the CLI pull."""
    verdict = asked("POST", "/containers/create", {"Image": "diamol/base"}, EMPTY)
    assert verdict == Refuse(404, "no-image", "No such image: diamol/base:latest")
