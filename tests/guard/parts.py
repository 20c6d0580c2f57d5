"""The rules of what rebuilds and of what reads: parts of objects, conditions of lists, early ends, patterns."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from tests.guard.removal import PACKAGES, Rule, enclosing, guard_modules, patched, raises, swap

REBUILDING = (
    "container_views",
    "create",
    "events",
    "execs",
    "facts",
    "host",
    "images",
    "mounts",
    "networks",
    "volumes",
)
"""Modules that build requests and answers, and choose what is in them."""


READING = ("head", "body", "tarball")
"""Modules of the gate that read what a client frames."""


def rebuilding_rules() -> tuple[Rule, ...]:
    """Every part of what rebuilds, and every pattern of the guard."""
    modules = [importlib.import_module(f"bot.guard.{name}") for name in REBUILDING]
    patterns = [rule for module in guard_modules() for rule in _patterns(module)]
    return (*(rule for module in modules for rule in _parts(module)), *patterns)


def reading_rules() -> tuple[Rule, ...]:
    """Every refusal, condition, early end and pattern of what reads a client's bytes."""
    modules = [importlib.import_module(f"bot.sandbox.gate.{name}") for name in READING]
    return tuple(rule for module in modules for rule in (*raises(module), *_parts(module), *_patterns(module)))


def _patterns(module: ModuleType) -> Iterator[Rule]:
    """Every pattern takes anything."""
    for key, value in vars(module).items():
        if isinstance(value, re.Pattern):
            loose = re.compile(".*" if isinstance(value.pattern, str) else b".*", re.DOTALL)
            name = module.__name__.rpartition(".")[2]
            yield Rule(f"{name}: pattern {key}", lambda key=key, old=value, loose=loose: _everywhere(key, old, loose))


@contextlib.contextmanager
def _everywhere(name: str, old: Any, new: Any) -> Iterator[None]:
    """In the module that it is made in and in those that import it."""
    modules = [module for key, module in sys.modules.items() if key.startswith(PACKAGES)]
    with contextlib.ExitStack() as stack:
        for module in modules:
            if vars(module).get(name) is old:
                stack.enter_context(patched(module, name, new))
        yield


def _parts(module: ModuleType) -> Iterator[Rule]:
    tree = ast.parse(inspect.getsource(module))
    within = enclosing(tree)
    name = module.__name__.rpartition(".")[2]
    for index, node in enumerate(ast.walk(tree)):
        if index not in within:
            continue
        place = (str(module.__file__), within[index])
        for shown, change in _changes(node):
            yield Rule(f"{name}: {shown}", swap(module, tree, index, change), place)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """What a part says, and what is left without it."""
    match node:
        case ast.Dict(keys=keys):
            for number, key in enumerate(keys):
                if isinstance(key, ast.Constant):
                    yield f"entry {ast.unparse(key)}", functools.partial(_without_entry, place=number)
        case ast.comprehension(ifs=conditions):
            for number, condition in enumerate(conditions):
                yield f"only if {ast.unparse(condition)[:60]}", functools.partial(_without_condition, place=number)
        case ast.If(body=[ast.Return(), *_], orelse=[]):
            yield f"end if {ast.unparse(node.test)[:60]}", _never


def _without_entry(node: Any, *, place: int) -> Any:
    del node.keys[place], node.values[place]
    return node


def _without_condition(node: Any, *, place: int) -> Any:
    del node.ifs[place]
    return node


def _never(node: Any) -> Any:
    node.test = ast.BoolOp(ast.And(), [node.test, ast.Constant(False)])
    return node
