"""The gate: one unix socket for a lab; each call is judged by `bot.guard`, built anew, and carried to the engine."""

from bot.sandbox.gate.protocols import GateObserver, ImageShelf
from bot.sandbox.gate.server import Gate

__all__ = ["Gate", "GateObserver", "ImageShelf"]
