"""People's names, as they may stand in a message."""

from __future__ import annotations

import re
from typing import Final

from bot.terminal.plain import plain

_LEADS: Final = re.compile(r"(?<=[@/#$:.])(?=\S)")
_WORD_JOINER: Final = "\u2060"
"""Has no width, and belongs to no mention, command, tag or host name."""


def harmless(name: str) -> str:
    """The name, looking as it does; but Telegram finds no link, mention, tag or command in it, and it turns no line
    round. (Names of things are `code`; a person's would look like one.)"""
    return _LEADS.sub(_WORD_JOINER, plain(name))
