"""Faults on order, for tests: the next calls of a method fail as Telegram fails, carried out or not."""

from __future__ import annotations

from dataclasses import dataclass

from bot.localchat.refusals import Refused, too_many

WORDS = {
    400: "fault on order",
    401: "Unauthorized",
    403: "bot was blocked by the user",
    404: "Not Found",
    409: "terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass(slots=True)
class Fault:
    """`status` None hangs: no answer at all. `applied` carries the call out before it fails."""

    method: str
    status: int | None
    times: int = 1
    applied: bool = False
    retry_after: int = 1

    def refusal(self) -> Refused:
        status = self.status or 504
        return too_many(self.retry_after) if status == 429 else Refused(WORDS.get(status, "Fault"), status)


class Faults:
    """The orders that are not used up; a method "*" means any."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        self._orders.append(fault)

    def clear(self) -> None:
        self._orders.clear()

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, counted."""
        for fault in self._orders:
            if fault.method in ("*", method) or fault.method.lower() == method.lower():
                fault.times -= 1
                if fault.times <= 0:
                    self._orders.remove(fault)
                return fault
        return None
