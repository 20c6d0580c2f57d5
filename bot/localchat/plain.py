"""Frozen dataclasses to plain JSON values and back, checked field by field against their annotations."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class Misfit(ValueError):
    """A plain value that is not what the annotation says."""


def to_plain(value: Any) -> Any:
    """Dictionaries, lists and scalars; fields with their default value are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value) if _differs(value, item)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def _differs(value: Any, item: Any) -> bool:
    return bool(getattr(value, item.name) != item.default)


def from_plain(kind: type[Kind], value: Any) -> Kind:
    """The value of this dataclass; raises Misfit."""
    target: Any = kind
    try:
        result: Kind = _reader(target)(value)
    except (TypeError, KeyError) as error:
        raise Misfit(str(error)) from None
    return result


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """How values of an annotation are read."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value: value
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_reader(kind)
    if origin in (Union, types.UnionType):
        return _optional_reader(next(part for part in arguments if part is not types.NoneType))
    if origin is Literal:
        return _literal_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(*arguments)
    return _scalar_reader(kind)


def _dataclass_reader(kind: type) -> Callable[[Any], Any]:
    # Read on first use: a type may hold itself.
    @cache
    def readers() -> dict[str, Callable[[Any], Any]]:
        hints = get_type_hints(kind)
        return {item.name: _reader(hints[item.name]) for item in fields(kind)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit(f"{kind.__name__}: not an object")
        return kind(**{name: readers()[name](item) for name, item in value.items()})

    return read


def _optional_reader(part: Any) -> Callable[[Any], Any]:
    read = _reader(part)
    return lambda value: None if value is None else read(value)


def _literal_reader(allowed: tuple[Any, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in allowed:
            raise Misfit(f"{value!r} is none of {allowed}")
        return value

    return read


def _tuple_reader(part: Any) -> Callable[[Any], Any]:
    read = _reader(part)

    def read_all(value: Any) -> Any:
        if not isinstance(value, list):
            raise Misfit("not a list")
        return tuple(read(item) for item in value)

    return read_all


def _mapping_reader(key: Any, part: Any) -> Callable[[Any], Any]:
    read = _reader(part)

    def read_all(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit("not an object")
        return {key(name): read(item) for name, item in value.items()}

    return read_all


def _scalar_reader(kind: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Misfit(f"{value!r} is no {kind.__name__}")
        return value

    return read
