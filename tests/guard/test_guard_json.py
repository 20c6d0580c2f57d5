"""Bodies: JSON that Go and Python read alike, or refused."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guard.container_fields import CONFIG, host_config_table
from bot.guard.owner import Limits
from bot.guard.strictjson import MAX_BYTES, is_zero, read_json
from bot.guard.verdict import Refused
from tests.guard.lab import create_refused, created

HOST_KEYS = sorted(host_config_table(Limits()))
FOLDS = {"s": "ſ", "S": "ſ", "k": "K", "K": "K"}
"""Letters that Go's key folding takes for ASCII ones, and Python's `lower` does not."""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b'{"Image":"diamol/base"}{}',
        b'{"Image":"diamol/base"} trailing',
        b'\xef\xbb\xbf{"Image":"diamol/base"}',
        '{"Image":"diamol/base"}'.encode("utf-16"),
        '{"Image":"diamol/base"}'.encode("utf-32"),
        b'{"Image":"\xff"}',
        b'{"StopTimeout":NaN}',
        b'{"StopTimeout":Infinity}',
        b'{"StopTimeout":-Infinity}',
        b'{"StopTimeout":1e400}',
        b'{"HostConfig":{"Memory":6.0}}',
        b'{"HostConfig":{"Memory":9223372036854775808}}',
        b'{"HostConfig":{"Memory":1' + b"0" * 5000 + b"}}",
        b'{"HostConfig":{"Memory":67108864},"HostConfig":{"Memory":6291456}}',
        b'{"HostConfig":{"Privileged":true},"HostConfig":{"Memory":6291456}}',
        b'{"HostConfig":{"Privileged":true,"Privileged":false}}',
        b'{"HostConfig":{"Binds":["/:/h"],"binds":null}}',
        '{"Image":"diamol/base","HoſtConfig":{"Privileged":true}}'.encode(),
        b'{"Image":"diamol/base","Ho\\u017ftConfig":{"Privileged":true}}',
        b'{"Image":"diamol/base","HostConfig":{"Networ\\u212aMode":"host"}}',
    ],
)
def test_an_ambiguous_body_is_400(body: bytes) -> None:
    """Cases C74, C76–C81."""
    create_refused(body, "bad-json", 400)


def test_a_deep_body_is_400_and_nothing_breaks() -> None:
    """Case C82."""
    create_refused(b"[" * 100_000, "bad-json", 400)
    create_refused(b'{"Labels":' * 20 + b"{}" + b"}" * 20, "json-too-deep", 400)


def test_a_body_above_the_bound_is_413() -> None:
    """Case A40."""
    create_refused(b'{"Image":"' + b"x" * MAX_BYTES + b'"}', "body-too-large", 413)


@pytest.mark.parametrize("body", [b'{"Image":"a\\u0000"}', b'{"Image":"\\ud800"}'])
def test_text_that_is_no_text_is_400(body: bytes) -> None:
    """Go replaces lone surrogates; a zero byte ends a C string."""
    create_refused(body, "bad-text", 400)


def test_escaped_ascii_is_the_key_that_it_spells() -> None:
    """Case C75."""
    create_refused(b'{"Image":"diamol/base","\\u0048ostConfig":{"\\u0050rivileged":true}}', "privileged", 403)


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
