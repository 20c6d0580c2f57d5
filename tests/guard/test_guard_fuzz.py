"""Readers of text that a client wrote: whatever it is, a value in its one form or a refusal, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from bot.guard.call import read_call, read_query
from bot.guard.filters import MAX_VALUE, MAX_VALUES, read_filters
from bot.guard.references import DOCKER_HUB, normalise
from bot.guard.strictjson import read_json
from bot.guard.verdict import Refused
from tests.guard.bodies import values
from tests.guard.fuzzing import examples
from tests.guard.godecode import FOLD

REFERENCE = re.compile(
    r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[\w.-]{1,128}|@sha256:[0-9a-f]{64})",
    re.ASCII,
)
"""distribution/reference's grammar, written down a second time."""


@examples(500)
@given(st.from_regex(r"[a-zA-Z0-9./:@_-]{0,40}", fullmatch=True) | st.text(max_size=20))
def test_fuzz_a_reference_has_one_form(text: str) -> None:
    """What is normalised is normal, matches the grammar, and never names Docker Hub by its address."""
    try:
        found = normalise(text)
    except Refused as refusal:
        assert refusal.verdict.status == 400
        return
    assert REFERENCE.fullmatch(found) and normalise(found) == found
    assert found.partition("/")[0] not in DOCKER_HUB


@examples(500)
@given(st.text("/v1.40abwe%2fF:@?&=\\\x00é ٤", max_size=30))
def test_fuzz_a_target_is_a_plain_path_or_refused(text: str) -> None:
    """No escape, dot part or empty part is left in a path; parameters come once."""
    try:
        call = read_call("GET", text)
    except Refused as refusal:
        assert refusal.verdict.status in (400, 404)
        return
    assert re.fullmatch(r"(?:/[A-Za-z0-9_.:@-]+)+", call.path) and not {".", ".."} & set(call.path.split("/"))


@examples(300)
@given(st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,8}", fullmatch=True), st.text(max_size=12), max_size=6))
def test_fuzz_a_query_says_what_was_written(parameters: dict[str, str]) -> None:
    """Written in the usual encoding, read back the same; a zero byte is refused."""
    query = "&".join(f"{key}={quote(value, safe='', errors='surrogatepass')}" for key, value in parameters.items())
    try:
        assert read_query(query) == parameters
    except Refused:
        assert any("\x00" in value or not value.isprintable() for value in parameters.values()) or not query.isascii()


@examples(400)
@given(st.dictionaries(st.sampled_from(["name", "label", "status"]) | st.text(max_size=5), values, max_size=3))
def test_fuzz_filters_are_lists_of_short_texts(filters: dict[str, Any]) -> None:
    """Known keys and bounded values, or a refusal."""
    try:
        found = read_filters({"filters": json.dumps(filters)}, ("name", "label", "status"))
    except Refused as refusal:
        assert refusal.verdict.status == 400
        return
    assert set(found) <= {"name", "label", "status"}
    assert all(len(items) <= MAX_VALUES and all(len(item) <= MAX_VALUE for item in items) for items in found.values())


@examples(600)
@given(st.recursive(values, lambda part: st.dictionaries(st.text(max_size=4), part, max_size=4)), st.data())
def test_fuzz_json_is_what_it_says_to_go_too(value: Any, data: st.DataObject) -> None:
    """An accepted object has keys that stay apart when Go folds them, and survives being written again."""
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    position = data.draw(st.integers(0, len(text)))
    text = data.draw(
        st.sampled_from([text, text[:position] + text[position + 1 :], text[:position] + '"' + text[position:]])
    )
    try:
        found = read_json(text.encode("utf-8", "surrogatepass"))
    except Refused as refusal:
        assert refusal.verdict.status in (400, 413)
        return
    folded = [key.translate(FOLD).upper() for key in found]
    assert len(set(folded)) == len(folded)
    assert read_json(json.dumps(found).encode()) == found
