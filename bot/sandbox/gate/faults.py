"""The two ways in which a client's connection ends early."""

from __future__ import annotations


class BadRequest(Exception):
    """The request cannot be read in one way only, or is too large or too slow; the connection ends after the answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


class ConnectionOver(Exception):
    """Nothing more can be said on this connection: the client is gone, or the engine broke off in the middle."""
