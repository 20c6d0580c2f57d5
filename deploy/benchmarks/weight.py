"""What a process weighs in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KIB_IN_MIB = 1024


@dataclass(frozen=True, slots=True)
class Weight:
    """MiB. `proportional` (PSS) counts a page that several processes share with its part; `private` not at all."""

    proportional: float
    private: float

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.proportional + other.proportional, self.private + other.private)


NOTHING = Weight(0.0, 0.0)


def weigh(pid: int) -> Weight:
    """One process, as the kernel counts it."""
    return read_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())


def read_rollup(text: str) -> Weight:
    """From the text of `/proc/<pid>/smaps_rollup` (proc(5)): a line with the range, then `Name: number kB`."""
    sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in text.splitlines()[1:])}
    return Weight(sizes["Pss"] / KIB_IN_MIB, (sizes["Private_Clean"] + sizes["Private_Dirty"]) / KIB_IN_MIB)


def family(pid: int) -> list[int]:
    """The process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
