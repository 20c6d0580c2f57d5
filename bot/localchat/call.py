"""One call of the Bot API: its parameters, whichever of the three body forms they came in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.localchat.refusals import Refused
from bot.localchat.values import File

TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Call:
    """Parameters are strings (forms) or JSON values; uploads are stored files by part name."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, File] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.parameters or name in self.uploads

    def text(self, name: str, default: str = "") -> str:
        value = self.parameters.get(name)
        return default if value is None else str(value)

    def number(self, name: str) -> int | None:
        """A whole number, or None when it is absent; raises Refused when it is something else."""
        value = self.parameters.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refused(f"invalid {name} specified") from None

    def flag(self, name: str) -> bool:
        return str(self.parameters.get(name, "")).lower() in TRUE

    def value(self, name: str) -> Any:
        """A nested value: JSON text in a form, or the value itself in a JSON body."""
        value = self.parameters.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise Refused(f"can't parse {name} JSON object") from None

    def upload(self, reference: str) -> File | None:
        """The uploaded file that `attach://name` or a part's own name refers to."""
        return self.uploads.get(reference.removeprefix("attach://"))
