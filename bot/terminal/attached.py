"""Whether a command ties the terminal to a container's first process, which may ignore Ctrl-C, and which would run on
without the terminal.

Only the docker CLI's own options count, up to the image or the container: what follows is the container's command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_SEPARATORS: Final = frozenset(";&|()\n")
_GLOBAL_VALUES: Final = frozenset({"config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"})
_SHORT: Final = {"a": "attach", "d": "detach", "i": "interactive", "t": "tty", "P": "publish-all", "q": "quiet"}
_SWITCHES: Final = {
    "run": frozenset(
        {"detach", "disable-content-trust", "help", "init", "interactive", "no-healthcheck", "oom-kill-disable"}
        | {"privileged", "publish-all", "quiet", "read-only", "rm", "sig-proxy", "tty", "use-api-socket"}
    ),
    "start": frozenset({"attach", "help", "interactive"}),
    "attach": frozenset({"help", "no-stdin", "sig-proxy"}),
}
"""The options without a value (docker CLI reference); all others take what follows `=`, or the next word."""


def can_detach(command: str) -> bool:
    """True for `docker run -it`, `docker start --attach --interactive` and `docker attach`: their detach keys leave the
    container running (docker CLI reference, `--detach-keys`), unless others were chosen."""
    return any(call.follows and call.takes_keys for call in _calls(command))


def follows_container(command: str) -> bool:
    """Whether the command lasts as long as a container's first process, so that Ctrl-C is for that to hear."""
    return any(call.follows for call in _calls(command))


@dataclass(frozen=True, slots=True)
class _Call:
    """A docker command that concerns one container, with the options that are set."""

    verb: str
    options: frozenset[str]

    @property
    def follows(self) -> bool:
        match self.verb:
            case "run":
                return "detach" not in self.options
            case "start":
                return "attach" in self.options
        return True

    @property
    def takes_keys(self) -> bool:
        if "detach-keys" in self.options:
            return False
        match self.verb:
            case "run":
                return {"interactive", "tty"} <= self.options
            case "start":
                return "interactive" in self.options
        return "no-stdin" not in self.options


def _calls(command: str) -> Iterator[_Call]:
    for words in _simple_commands(command.replace("\\\n", " ")):
        rest = _after_options(words[1:], _GLOBAL_VALUES) if words[0] == "docker" else ()
        if rest[:1] == ("container",):
            rest = rest[1:]
        if rest and rest[0] in _SWITCHES:
            yield _Call(rest[0], frozenset(_options(rest[1:], _SWITCHES[rest[0]])))


def _simple_commands(text: str) -> Iterator[tuple[str, ...]]:
    """The words of each command in a line, quotes resolved; those before a quote without an end."""
    words: list[str] = []
    lexer = shlex.shlex(text, posix=True, punctuation_chars="".join(_SEPARATORS))
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    try:
        for word in lexer:
            if not _SEPARATORS.issuperset(word):
                words.append(word)
            elif words:
                yield tuple(words)
                words = []
    except ValueError:
        pass
    if words:
        yield tuple(words)


def _after_options(words: Sequence[str], with_values: frozenset[str]) -> tuple[str, ...]:
    """What follows docker's own options."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        name = words[place].lstrip("-")
        place += 2 if name in with_values or words[place] in ("-H", "-c", "-l") else 1
    return tuple(words[place:])


def _options(words: Sequence[str], switches: frozenset[str]) -> Iterator[str]:
    """The long names of the options that are set before the first word that is none."""
    rest = iter(words)
    for word in rest:
        if word == "--" or not word.startswith("-"):
            return
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            takes_next = not equals and name not in switches
            if name not in switches or value not in ("false", "0"):
                yield name
        else:
            names, takes_next = _short(word[1:], switches)
            yield from names
        if takes_next:
            next(rest, None)


def _short(letters: str, switches: frozenset[str]) -> tuple[tuple[str, ...], bool]:
    """The long names in `-itp`, and whether the next word is the last one's value."""
    names: list[str] = []
    for place, letter in enumerate(letters):
        name = _SHORT.get(letter, letter)
        if letters[place + 1 :] in ("=false", "=0"):
            return tuple(names), False
        names.append(name)
        if name not in switches:
            return tuple(names), place + 1 == len(letters)
    return tuple(names), False
