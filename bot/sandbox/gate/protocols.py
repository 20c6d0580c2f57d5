"""What the gate needs from others, wired in app.py."""

from __future__ import annotations

from typing import Protocol

from bot.identity import LabId


class ImageShelf(Protocol):
    """Which images are local for a lab: references in Docker's familiar form (`diamol/base:latest`)."""

    async def references(self, lab: LabId) -> frozenset[str]: ...

    async def add(self, lab: LabId, reference: str) -> None: ...

    async def remove(self, lab: LabId, reference: str) -> None: ...


class GateObserver(Protocol):
    """Hears of what went through the gate, between the engine's answer and the client's."""

    async def container_started(self, lab: LabId, container_id: str) -> None: ...

    async def container_gone(self, lab: LabId, container_id: str) -> None: ...

    def refused(self, lab: LabId, code: str) -> None: ...


class Freezer(Protocol):
    """Holds all processes of a lab still. Each method returns at once."""

    def freeze(self, lab: LabId) -> None: ...

    def frozen(self, lab: LabId) -> bool:
        """Whether none of them runs."""
        ...

    def thaw(self, lab: LabId) -> None: ...

    def end(self, lab: LabId) -> None:
        """Kill all of them; those that are held still end as soon as they are let go."""
        ...
