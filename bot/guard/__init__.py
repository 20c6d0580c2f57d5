"""The guard: what a lab may ask of the engine. Pure: no await, clock, random or I/O.

A security review reads this package: `routes` is the table of calls, `container_fields` the table of a container's
fields, `forced` what every container gets, `refusals` the sentences that teach.
"""

from bot.guard.decide import decide
from bot.guard.owner import Limits, Owner

__all__ = ["Limits", "Owner", "decide"]
