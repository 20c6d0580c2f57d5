"""Take one rule out of the guard, in memory, for as long as a `with` block lasts.

Rules are: every `raise` in the guard, every condition of such a raise, every field of every table, every forced
setting, every row of the table of routes; and of what rebuilds requests and answers, every entry of an object, every
condition of a list, every early end of a function; and every pattern. Code is swapped inside the functions themselves,
so that whoever imported one of them has the weakened one.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import gc
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import bot.guard
from bot.guard import aliases, container_fields, execs, forced, mounts, networks, routes, rules, volumes
from tests.guard.lab import OWNER

TABLES: dict[str, Any] = {
    "create": container_fields.CONFIG,
    "create.Healthcheck": container_fields._HEALTHCHECK,
    "exec": execs.EXEC,
    "exec start": execs.START,
    "network": networks.CREATE,
    "volume": volumes.CREATE,
    "endpoint": aliases.ENDPOINT,
    "Mounts": mounts._MOUNT,
    "Mounts.VolumeOptions": mounts._VOLUME_OPTIONS,
    "Mounts.TmpfsOptions": mounts._TMPFS_OPTIONS,
}
NO_RULE = ("dropped", "<lambda>")
"""Fields that are read by nobody, or by a table of their own."""


EQUIVALENT = {
    "ports: if … not isinstance(host, str)": "the pattern after it takes texts alone",
    "rules: if … not isinstance(value, int)": "comparing anything else with a number is refused in the same way",
    "strictjson: if … len(text) > 20": "Python reads a few thousand digits at most, and then comes the bound",
    'head: raise BadRequest(400, "the request\'s head cannot be read")': "h11 finds a request or says why not",
    "head: if … version == b'1.1' and 'host' not in found": "h11 says the same",
    "head: if … coding.lower() != 'chunked'": "h11 says the same",
    "images: end if text.startswith('sha256:')": "what follows finds no image of that name",
}
"""Rules whose absence nothing can notice, since something else says the same: kept for the reader."""


@dataclass(frozen=True)
class Rule:
    """One rule and how to do without it; `function`: the only one that it is part of, if it is part of one."""

    name: str
    out: Callable[[], AbstractContextManager[None]]
    function: tuple[str, int] | None = None


def all_rules() -> tuple[Rule, ...]:
    """Every rule of the guard, named by its place."""
    code = [rule for module in guard_modules() for rule in raises(module)]
    return (*code, *_fields(), *_forced(), *_rows())


def guard_modules() -> list[ModuleType]:
    """The guard's modules; the page is about them, and decides nothing."""
    names = [found.name for found in pkgutil.iter_modules(bot.guard.__path__) if found.name != "page"]
    return [importlib.import_module(f"bot.guard.{name}") for name in names]


def raises(module: ModuleType) -> Iterator[Rule]:
    tree = ast.parse(inspect.getsource(module))
    within = enclosing(tree)
    name = module.__name__.rpartition(".")[2]
    for index, node in enumerate(ast.walk(tree)):
        place = (str(module.__file__), within.get(index, 0))
        if isinstance(node, ast.Raise) and node.exc is not None:
            shown = f"{name}: {ast.unparse(node)[:80]}"
            yield Rule(shown, swap(module, tree, index, _not_raised), place)
        if isinstance(node, ast.If) and isinstance(node.test, ast.BoolOp) and isinstance(node.body[0], ast.Raise):
            for part, value in enumerate(node.test.values):
                shown = f"{name}: if … {ast.unparse(value)[:60]}"
                change = functools.partial(_without, place=part)
                yield Rule(shown, swap(module, tree, index, change), place)


def enclosing(tree: ast.Module) -> dict[int, int]:
    """The line of the innermost function around each node, by the node's place in a walk."""
    lines: dict[int, int] = {}
    for node in ast.walk(tree):  # outer functions come first, so that inner ones have the last word
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines |= {id(part): node.lineno for part in ast.walk(node)}
    return {index: lines[id(node)] for index, node in enumerate(ast.walk(tree)) if id(node) in lines}


def _not_raised(node: Any) -> Any:
    """The refusal is made and not raised."""
    return ast.Expr(node.exc)


def _without(node: Any, *, place: int) -> Any:
    """The condition without one of its parts (evaluated, and then not counted)."""
    whole, value = node.test, node.test.values[place]
    either = isinstance(whole.op, ast.Or)
    neutral = ast.BoolOp(ast.And() if either else ast.Or(), [value, ast.Constant(not either)])
    whole.values[place] = neutral
    return node


def swap(module: ModuleType, tree: ast.Module, index: int, change: Callable[[Any], Any]) -> Any:
    @contextlib.contextmanager
    def out() -> Iterator[None]:
        mutated = copy.deepcopy(tree)
        target = list(ast.walk(mutated))[index]
        replaced = _Replace(target, change(target)).visit(mutated)
        code = compile(ast.fix_missing_locations(replaced), str(module.__file__), "exec", dont_inherit=True)
        new = {(part.co_qualname, part.co_firstlineno): part for part in _functions(code)}
        held = [(function, function.__code__) for function in _of_module(module.__name__)]
        try:
            for function, old in held:
                function.__code__ = new.get((old.co_qualname, old.co_firstlineno), old)
            yield
        finally:
            for function, old in held:
                function.__code__ = old

    return out


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, new: ast.AST) -> None:
        self._target, self._new = target, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._target else self.generic_visit(node)


def _functions(code: CodeType) -> Iterator[CodeType]:
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield item
            yield from _functions(item)


PACKAGES = ("bot.guard", "bot.sandbox.gate")
_FOUND: dict[str, list[FunctionType]] = {}


def _of_module(name: str) -> list[FunctionType]:
    """Every function made of a module's code, those inside tables included."""
    if not _FOUND:
        gc.unfreeze()  # A bot that ran in this process has frozen what there was, and the collector lists it no more.
        for item in gc.get_objects():
            if isinstance(item, FunctionType) and str(item.__module__).startswith(PACKAGES):
                _FOUND.setdefault(item.__module__, []).append(item)
    return _FOUND.get(name, [])


def _fields() -> Iterator[Rule]:
    for name, table in TABLES.items():
        held: dict[str, Any] = table if isinstance(table, dict) else gc.get_referents(table)[0]
        for key, rule in held.items():
            if rule.__name__ not in NO_RULE:
                yield Rule(f"field {name}.{key}", _loose(held, key, rule))
    for key, rule in container_fields.host_config_table(OWNER.limits).items():
        if rule.__name__ not in NO_RULE:
            yield Rule(f"field HostConfig.{key}", _loose_read(f"HostConfig.{key}"))


def _anything(rule: Any, value: Any) -> Any:
    """What a field is when its rule is gone: the value as it came."""
    return rule(None) if value is None else value


def _loose(table: dict[str, Any], key: str, rule: Any) -> Any:
    @contextlib.contextmanager
    def out() -> Iterator[None]:
        table[key] = lambda value: _anything(rule, value)
        try:
            yield
        finally:
            table[key] = rule

    return out


def _loose_read(where: str) -> Any:
    strict = rules._read

    def read(rule: Any, value: Any, place: str) -> Any:
        return _anything(rule, value) if place == where else strict(rule, value, place)

    return lambda: patched(rules, "_read", read)


@contextlib.contextmanager
def patched(holder: Any, name: str, new: Any) -> Iterator[None]:
    old = getattr(holder, name)
    setattr(holder, name, new)
    try:
        yield
    finally:
        setattr(holder, name, old)


def _forced() -> Iterator[Rule]:
    whole = forced.host_config
    for key in whole(OWNER):
        less = lambda owner, key=key: {name: value for name, value in whole(owner).items() if name != key}  # noqa: E731 (one for each key)
        yield Rule(f"forced {key}", lambda less=less: patched(forced, "host_config", less))


def _rows() -> Iterator[Rule]:
    for row in routes._TABLE:
        rest = tuple(item for item in routes._TABLE if item is not row)
        yield Rule(f"route {row[2].methods} {row[2].path}", lambda rest=rest: patched(routes, "_TABLE", rest))
