"""Inline keyboards by Telegram's rules: 64 bytes of callback data, 256 characters to copy, public links only."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from bot.localchat.refusals import Refused
from bot.localchat.values import Button, ForceReply, Keyboard

CALLBACK_BYTES = 64
COPY_CHARACTERS = 256
MAX_BUTTONS = 100
"""Undocumented; PTB's constants name it."""
STYLES = frozenset({"primary", "success", "danger"})
ACTIONS = ("callback_data", "url", "copy_text")
LINK_SCHEMES = frozenset({"http", "https", "tg", "ton", ""})


def read_markup(value: Any) -> tuple[Keyboard, ForceReply | None]:
    """An inline keyboard or a forced answer; other markups have no place in this chat and show nothing."""
    if value is None:
        return (), None
    if not isinstance(value, dict):
        raise Refused("can't parse reply keyboard markup JSON object")
    if value.get("force_reply"):
        return (), ForceReply(value.get("input_field_placeholder"), bool(value.get("selective")))
    return _read_rows(value.get("inline_keyboard", [])), None


def _read_rows(rows: Any) -> Keyboard:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused('can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array')
    keyboard = tuple(tuple(_read_button(button) for button in row) for row in rows if row)
    if sum(len(row) for row in keyboard) > MAX_BUTTONS:
        raise Refused("reply markup is too long")
    return keyboard


def _read_button(value: Any) -> Button:
    if not isinstance(value, dict):
        raise Refused("can't parse inline keyboard button: expected an Object")
    if not str(value.get("text", "")).strip():
        raise Refused('can\'t parse inline keyboard button: Field "text" must be non-empty')
    style = value.get("style")
    if style is not None and style not in STYLES:
        raise Refused("can't parse inline keyboard button: invalid button style specified")
    text = str(value["text"])
    if "callback_data" in value:
        return Button(text, "callback_data", _callback_data(value["callback_data"]), style)
    if "url" in value:
        return Button(text, "url", _public_link(str(value["url"])), style)
    if "copy_text" in value:
        return Button(text, "copy_text", _copy_text(value["copy_text"]), style)
    raise Refused("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def _callback_data(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= CALLBACK_BYTES:
        raise Refused("BUTTON_DATA_INVALID")
    return value


def _copy_text(value: Any) -> str:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= COPY_CHARACTERS:
        raise Refused("BUTTON_COPY_TEXT_INVALID")
    return text


def _public_link(value: str) -> str:
    """Telegram takes links to public hosts only: `localhost` and hosts without a dot are a "Wrong HTTP URL"."""
    place = f"inline keyboard button URL '{value}' is invalid"
    parts = urlsplit(value if "://" in value or value.startswith("tg:") else f"http://{value}")
    if parts.scheme not in LINK_SCHEMES:
        raise Refused(f"{place}: Unsupported URL protocol")
    if parts.scheme in ("tg", "ton"):
        return value
    if not is_public(parts.hostname or ""):
        raise Refused(f"{place}: Wrong HTTP URL")
    return value


def is_public(host: str) -> bool:
    """A dotted name that is not below `localhost`, or a global address."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith(".localhost")
