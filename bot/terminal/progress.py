"""A layer's progress in one line of a phone: `docker pull` writes more than fits, and redraws it all the time."""

from __future__ import annotations

import re
from typing import Final

_LAYER: Final = re.compile(
    r"(?P<layer>[0-9a-f]{12}: \w+) +(?:\[[=> ]*\] +)?"
    r"(?P<done>\d+\.?\d*)(?P<small>[kMGT]?)B/(?P<all>\d+\.?\d*)(?P<large>[kMGT]?)B"
)
_POWERS: Final = {prefix: 1000.0**power for power, prefix in enumerate(("", "k", "M", "G", "T"))}
"""docker counts in units of a thousand (go-units, HumanSize)."""


def short_progress(line: str) -> str:
    """`69541792dbe9: Downloading [==>   ] 1.5MB/6MB` as `69541792dbe9: Downloading 25%`; any other line as it is."""
    match = _LAYER.fullmatch(line.rstrip())
    if match is None:
        return line
    done, whole = (
        float(match[number]) * _POWERS[match[unit]] for number, unit in (("done", "small"), ("all", "large"))
    )
    return f"{match['layer']} {min(100, int(100 * done / whole))}%" if whole else line
