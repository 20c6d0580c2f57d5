"""The numbers are complete: every case of the security model is data, named tests, or an exception with its reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.guard.cases import elsewhere, read_corpus
from tests.guard.page import SECTIONS, page

ROOT = Path(__file__).parents[2]
NUMBERS = {
    "A": (
        *(1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 29, 30, 31, 32, 34, 35, 36),
        *(37, 39, 40, 41, 42, 44, 45, 46, 47),
    ),
    "B": (49, 50, 51, 52, 54, 55, 56, 57, 59, 60, 61, 62, 64, 65, 66, 67, 69, 70),
    "C": (71, 72, 74, 75, 76, 77, 79, 80, 81, 82, 84, 85, 86, 87),
    "D": (89, 90, 91, 92, 94, 95, 96, 97, 99, 100, 101, 102, 104, 105, 106, 107, 109, 110, 111, 112, 114, 115, 116),
    "E": (117, 119, 120, 121, 122, 124, 125, 126, 127, 129),
    "F": (130, 131, 132, 134, 135, 136, 137, 139, 140, 141, 142, 144),
    "G": (145, 146, 147, 149, 150, 151, 152, 154, 155, 156),
    "H": (157, 159, 160, 161, 162, 164, 165, 166, 167, 169, 170, 171),
    "I": (172, 174, 175, 176, 177, 179),
    "J": (180, 181, 182, 184, 185, 186, 187, 189, 190, 191, 192, 194, 195, 196, 197),
    "K": (199, 200, 201, 202, 204),
}
"""The security model's own; gaps are intended."""
SHOWN, NOT_HERE = elsewhere()
TESTS = sorted({test for tests in SHOWN.values() for test in tests})


def test_no_number_is_missing_and_none_is_made_up() -> None:
    """Those after the model's last are found here: they follow one another from there."""
    found = {f"{case.section}{case.number}" for case in read_corpus()}
    listed = {*SHOWN, *NOT_HERE}
    model = {f"{section}{number}" for section, numbers in NUMBERS.items() for number in numbers}
    own = sorted(int(number[1:]) for number in (found | listed) - model)
    assert found | listed >= model
    assert own == list(range(205, 205 + len(own))) and all(f"L{number}" in found | listed for number in own)
    assert not (found | set(SHOWN)) & set(NOT_HERE)


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_shows_numbers_is_there_and_says_them(test: str) -> None:
    """In its first words, so that who changes it sees what it is for."""
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    (text,) = [ast.get_docstring(node) or "" for node in functions if node.name == name]
    said = re.match(r"Cases? ([A-L]\d+(?:(?:, | and )[A-L]\d+)*)", text)
    assert said and {number for number, tests in SHOWN.items() if test in tests} <= set(re.findall(r"\w\d+", said[1]))


def test_the_page_is_current() -> None:
    """`python -m tests.guard.page > deploy/CASES.md`."""
    assert (ROOT / "deploy/CASES.md").read_text("utf-8") == page()
    assert set(SECTIONS) >= set(NUMBERS)
