"""What this engine makes of the body of a create: a small model of Go's JSON decoding into `ContainerConfigWrapper`.

Source: encoding/json (keys fold ASCII case, U+017F and U+212A; objects merge into what is there; null leaves scalars),
moby v20.10 runconfig/config_unix.go (a HostConfig is embedded at the top level; some of its fields reach past an inner
one). The model is checked against the engine itself in tests/gate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bot.guard.container_fields import CONFIG, host_config_table
from bot.guard.owner import Limits

Pairs = list[tuple[str, Any]]
FOLD = {ord("ſ"): "S", 0x212A: "K"}
REACHING = ("Memory", "MemorySwap", "CpuShares", "CpusetCpus", "VolumeDriver")
"""Top-level fields that fill an inner HostConfig's unset ones (getHostConfig)."""
HOST = tuple(host_config_table(Limits()))
TOP = tuple(key for key in CONFIG if key != "HostConfig")
STRUCTS: dict[str, tuple[str, ...]] = {
    "HostConfig": HOST,
    "RestartPolicy": ("Name", "MaximumRetryCount"),
    "LogConfig": ("Type", "Config"),
    "Healthcheck": ("Test", "Interval", "Timeout", "StartPeriod", "Retries"),
    "NetworkingConfig": ("EndpointsConfig",),
}
"""Fields that are Go structs; other objects are maps, whose keys are as they are written."""


def go_decode(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Config and the HostConfig that the engine takes from a body; raises ValueError where it answers 400."""
    value, _ = json.JSONDecoder(object_pairs_hook=_Object).raw_decode(body.decode("utf-8", "replace").lstrip(" \t\r\n"))
    if not isinstance(value, _Object):
        raise ValueError("not an object")
    whole = _struct({}, value, (*TOP, "HostConfig", *HOST))
    config = {key: item for key, item in whole.items() if key in TOP}
    outer = {key: item for key, item in whole.items() if key in HOST and key not in TOP}
    inner = whole.get("HostConfig")
    if inner is None:
        return config, outer
    if not isinstance(inner, dict):
        raise ValueError("a HostConfig that is no object")
    return config, inner | {key: outer[key] for key in REACHING if outer.get(key) and not inner.get(key)}


class _Object(list[tuple[str, Any]]):
    """An object as it is written: its pairs, in order."""


def _folded(key: str) -> str:
    return key.translate(FOLD).upper()


def _field(key: str, fields: Iterable[str]) -> str | None:
    """The field that a key means: its own name, else one that folds to the same."""
    known = tuple(fields)
    if key in known:
        return key
    return next((name for name in known if _folded(name) == _folded(key)), None)


def _struct(into: dict[str, Any], pairs: _Object, fields: Iterable[str]) -> dict[str, Any]:
    for key, value in pairs:
        name = _field(key, fields)
        if name is not None:
            into[name] = _value(into.get(name), value, name)
    return into


def _value(before: Any, value: Any, name: str) -> Any:
    if value is None:
        return None if isinstance(before, dict | list) else before
    if isinstance(value, _Object):
        held = dict(before) if isinstance(before, dict) else {}
        if name in STRUCTS:
            return _struct(held, value, STRUCTS[name])
        return held | {key: _plain(item) for key, item in value}
    return _plain(value)


def _plain(value: Any) -> Any:
    """Objects inside lists and maps are made anew each time."""
    if isinstance(value, _Object):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value
