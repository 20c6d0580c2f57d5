"""Every endpoint is decided, and the page about them is current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.guard import Owner, decide
from bot.guard.call import Call
from bot.guard.page import NOTES, key, page, said
from bot.guard.routes import ROUTES, find_route
from bot.guard.verdict import Refuse
from tests.guard.cases import CORPUS
from tests.guard.lab import OWNER

OPERATIONS = (CORPUS / "operations.txt").read_text("utf-8").splitlines()
HIDDEN = ("POST /build/cancel", "POST /grpc", "GET /images/x/attestations", "GET /containers/x/checkpoints")
"""What engines have beside the documented operations, and labs are taught about."""
NOT_ROUTED = ("GET /debug/pprof/", "GET /debug/vars", "GET /metrics", "OPTIONS /info", "POST /containers/x/copy")
NOTHING = Owner(OWNER.lab, OWNER.network, OWNER.cgroup_parent, frozenset())


def called(operation: str) -> tuple[str, str]:
    method, _, path = operation.partition(" ")
    return method, re.sub(r"\{\w+\}", "x", path)


def test_the_list_of_operations_is_the_whole_of_the_documented_api() -> None:
    """Version 1.47 documents 107 operations."""
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 107


@pytest.mark.parametrize("operation", [*OPERATIONS, *HIDDEN])
def test_an_operation_is_decided(operation: str) -> None:
    """It has a row: allowed in some way, or refused with a sentence."""
    found = find_route(*called(operation))
    assert found is not None
    assert found[0].decision == "D" or key(found[0]) in NOTES


@pytest.mark.parametrize("operation", NOT_ROUTED)
def test_what_is_about_the_daemon_itself_has_no_row(operation: str) -> None:
    """The engine serves its own insides without asking who is there."""
    assert find_route(*called(operation)) is None


@pytest.mark.parametrize("route", [route for route in ROUTES if route.decision == "D"], ids=key)
def test_a_refused_row_says_why_without_a_fact(route: object) -> None:
    """Decided before anything is asked, in every method of the row."""
    assert hasattr(route, "methods") and hasattr(route, "path")
    for method in route.methods.split():
        verdict = decide(Call(*called(f"{method} {route.path}")), NOTHING, {})
        assert isinstance(verdict, Refuse) and verdict.status in (403, 503) and len(verdict.message) > 20


def test_what_counts_or_reserves_has_the_lab_to_itself() -> None:
    """Two creates at once cannot both be the last that is allowed."""
    alone = {key(route) for route in ROUTES if route.exclusive}
    wanted = [f"POST /{kind}/{what}" for kind in ("containers", "networks", "volumes") for what in ("create", "prune")]
    wanted += [f"POST /containers/{{id}}/{what}" for what in ("start", "restart", "rename", "exec")]
    wanted += [f"POST /networks/{{id}}/{what}" for what in ("connect", "disconnect")]
    assert alone == {*wanted, "DELETE /images/{image}"}


def test_the_page_is_current() -> None:
    """`python -m bot.guard.page > deploy/ENDPOINTS.md`."""
    written = Path(__file__).parents[2] / "deploy/ENDPOINTS.md"
    assert written.read_text("utf-8") == page()
    assert {key(route) for route in ROUTES if route.decision != "D"} == set(NOTES)
    assert all(said(route) for route in ROUTES if route.decision == "D")
