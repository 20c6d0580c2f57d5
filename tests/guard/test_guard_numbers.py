"""The numbers are complete: every case of sections A to I is data, a named test, or an exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guard.cases import elsewhere, read_corpus

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
}
"""The security model's own; gaps are intended."""


def test_no_number_is_missing_and_none_is_made_up() -> None:
    """Sections J and K are about the sandbox: `elsewhere.yaml` says where they are."""
    found = {f"{case.section}{case.number}" for case in read_corpus()}
    other = elsewhere()
    listed = {*other["shown"], *other["not_here"]}
    assert found | listed == {f"{section}{number}" for section, numbers in NUMBERS.items() for number in numbers}
    assert not found & set(other["not_here"])


@pytest.mark.parametrize(("number", "test"), elsewhere()["shown"].items())
def test_a_number_that_points_to_a_test_has_one(number: str, test: str) -> None:
    """The file is there and has a test of this name."""
    path, _, name = test.partition("::")
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), number
