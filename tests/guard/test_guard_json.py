"""Bodies: JSON that Go and Python read alike, or refused."""

from __future__ import annotations

import json
import string
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guard.container_fields import CONFIG, host_config_table
from bot.guard.owner import Limits
from bot.guard.strictjson import MAX_BYTES, MAX_PARTS, is_zero, read_json
from bot.guard.verdict import Refused
from tests.guard.lab import create_refused, created

HOST_KEYS = sorted(host_config_table(Limits()))
FOLDS = {"s": "ſ", "S": "ſ", "k": "K", "K": "K"}
"""Letters that Go's key folding takes for ASCII ones, and Python's `lower` does not."""


@pytest.mark.parametrize("key", HOST_KEYS)
def test_host_config_at_the_top_level_is_no_way_in(key: str) -> None:
    """Cases C71, C72: this engine reads HostConfig's keys there too."""
    create_refused({key: {"x": ["y"]}}, "field", 400)


@pytest.mark.parametrize("key", [*sorted(CONFIG), *HOST_KEYS])
def test_a_key_in_another_case_or_folding_is_refused(key: str) -> None:
    """Case C74 for every key that is known."""
    variants = {key.lower(), key.upper(), *(key.replace(letter, fold) for letter, fold in FOLDS.items())} - {key}
    for variant in variants:
        body = json.dumps({"Image": "diamol/base", "HostConfig": {variant: True}}).encode()
        create_refused(body, "field" if variant.isascii() else "bad-json", 400)


def test_unknown_keys_with_zero_values_are_dropped() -> None:
    """Case C87: newer clients send fields that this lab does not know, unset."""
    extra = {"GwPriority": 0, "DNSNames": None, "Annotations": {}, "Something": "", "Deep": {"a": {"b": False}}}
    assert created(extra | {"HostConfig": extra}) == created({})


@settings(deadline=None)
@given(st.text(string.printable, max_size=40).filter(lambda text: not text.isspace()))
def test_no_text_makes_the_reader_raise_anything_but_a_refusal(text: str) -> None:
    """Whatever comes, the answer is a value or a refusal."""
    try:
        assert isinstance(read_json(text.encode()), dict)
    except Refused as refusal:
        assert refusal.verdict.status in (400, 413)


@settings(deadline=None)
@given(st.recursive(st.sampled_from([None, False, 0, ""]), lambda part: st.dictionaries(st.text(), part)))
def test_zero_is_what_go_calls_zero(value: object) -> None:
    """Objects of zeros are zero."""
    assert is_zero(value)


def _filled(part: str, before: str = '{"A":[', after: str = "]}") -> bytes:
    """A body as large as any may be, full of one thing."""
    room = (MAX_BYTES - len(before) - len(after)) // len(part)
    return (before + (part * room).rstrip(",") + after).encode()


@pytest.mark.parametrize(
    "body",
    [
        *map(_filled, ("0,", "null,", '"",', "{},", "[],", '{"a":0},', "[", '"', '\\"', '"\\"')),
        _filled("a", '{"A":"', '"}'),
        _filled('\\"', '{"A":"', ""),
        _filled(" ", "{", "}"),
        ("{" + ",".join(f'"{number:x}":0' for number in range(MAX_BYTES // 10)) + "}").encode(),
        *(("{" + f'"A":[{"0," * number}0.5]' + "}").encode() for number in (MAX_PARTS - 8, MAX_PARTS)),
    ],
)
def test_no_body_costs_more_calls_than_it_may_have_parts(body: bytes) -> None:
    """Reading holds everybody's loop: what it costs is bounded by a count, whatever fills the body."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read_json(body)
    except Refused:
        pass
    finally:
        sys.setprofile(before)
    assert len(body) <= MAX_BYTES and 0 < calls <= 2 * MAX_PARTS


def test_the_largest_body_of_one_text_can_be_read() -> None:
    """What counts is the number of parts, not the punctuation inside a text: a script of commas and quotes passes."""
    script = 'say "a", "b";' * 2000
    assert read_json(json.dumps({"Cmd": ["sh", "-c", script]}).encode()) == {"Cmd": ["sh", "-c", script]}
