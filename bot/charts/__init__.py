"""Pictures of a study group's progress, drawn with matplotlib in a process of their own.

Loading matplotlib takes a second of processor time and 80 MiB: a bot that is asked once a day pays nothing for it.
"""

from bot.charts.child import Charts
from bot.charts.sheet import Row, Sheet

__all__ = ["Charts", "Row", "Sheet"]
