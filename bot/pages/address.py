"""A page's address: the token as a DNS label in front of the pages' domain."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from functools import cached_property

from bot.pages.page import Page

TOKEN_BYTES = 16
"""128 random bits: whoever has the address may look, so it must not be guessed."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def new_token() -> str:
    """`p` and the random bits in base32: a DNS label (letters and digits, a letter first, 27 of at most 63)."""
    return "p" + base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()


@dataclass(frozen=True)
class Addresses:
    """How addresses are written and read.

    `port` is where the bot listens. It is written for `localhost` alone, since a domain of one's own has a front server
    on the usual ports; a domain given as `name:port` has that port written.
    """

    domain: str
    scheme: str
    port: int

    @cached_property
    def _host(self) -> re.Pattern[str]:
        name = re.escape(self._name)
        return re.compile(rf"(p[a-z2-7]{{26}})\.{name}\.?(?::[0-9]{{1,5}})?", re.ASCII | re.IGNORECASE)

    @property
    def _name(self) -> str:
        return self.domain.partition(":")[0].lower().strip(".")

    def authority(self, token: str) -> str:
        """`token.domain`, with the port where it must be written."""
        name, (_, _, given) = self._name, self.domain.partition(":")
        is_local = name == "localhost" or name.endswith(".localhost")
        port = int(given) if given else self.port if is_local else _DEFAULT_PORTS[self.scheme]
        suffix = "" if port == _DEFAULT_PORTS[self.scheme] else f":{port}"
        return f"{token}.{name}{suffix}"

    def url(self, page: Page) -> str:
        return f"{self.scheme}://{self.authority(page.token)}/"

    def token_in(self, host: str) -> str | None:
        """The token of a Host header (`token.domain`, `:port` and a final dot allowed, any case); None: not a page."""
        found = self._host.fullmatch(host)
        return found[1].lower() if found else None
