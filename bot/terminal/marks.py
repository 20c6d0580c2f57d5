"""Finds in a pty's bytes what means something to the chat, and takes out what must not reach the screen.

The shell marks its prompt, a command's start and its end with OSC 133 (the "semantic prompt" marks of FinalTerm that
VS Code, kitty and WezTerm read too). Besides these the scanner knows the switches of the alternate screen and of
bracketed paste, and the questions that programs ask a terminal. Titles, clipboard writes (OSC 52), pictures and all
other strings are swallowed; window operations (CSI … t), which could resize the emulator, as well.

The result does not depend on how the bytes were split: `merged(feed(a) + feed(b)) == merged(feed(a + b))`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

STRING_LIMIT: Final = 4096
"""Longest OSC, DCS, APC, PM or SOS string that is swallowed whole, in bytes; a mark has twelve, a long title some
hundreds. What comes after that many bytes is shown as text: a string without an end cannot eat the stream or memory."""

CSI_LIMIT: Final = 64
"""Longest control sequence that is held back for its last byte; a private mode has eight. Longer ones pass through."""


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes for the screen, with every sequence that the emulator understands."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PromptStart:
    """The shell begins to print its prompt (mark A)."""


@dataclass(frozen=True, slots=True)
class InputStart:
    """The prompt is complete: what follows is the echo of typing (mark B)."""


@dataclass(frozen=True, slots=True)
class CommandStart:
    """The line was read and begins to run (mark C); a text of several lines gives one for each command in it."""


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """The line has ended (mark D); the code is None when the mark carries none."""

    code: int | None


@dataclass(frozen=True, slots=True)
class AlternateScreen:
    """A full-screen program took over the screen, or gave it back. It may say so more than once."""

    on: bool


@dataclass(frozen=True, slots=True)
class PasteMode:
    """A program wants pasted text between brackets (mode 2004), or no longer."""

    on: bool


class Question(Enum):
    """What a program asks the terminal; `bot.terminal.answers` knows the replies."""

    ATTRIBUTES = auto()
    SECONDARY_ATTRIBUTES = auto()
    STATUS = auto()
    CURSOR = auto()
    CURSOR_EXTENDED = auto()
    VERSION = auto()
    SIZE = auto()
    FOREGROUND = auto()
    BACKGROUND = auto()


@dataclass(frozen=True, slots=True)
class Query:
    """A program waits for an answer on its input."""

    question: Question


Event = Output | PromptStart | InputStart | CommandStart | CommandEnd | AlternateScreen | PasteMode | Query

_ESCAPE: Final = 0x1B
_STRING_BODY: Final = re.compile(rb"[^\x00-\x1f]*")
_INTERESTING: Final = re.compile(
    rb"\x1b(?:\Z|[]PX^_c]|\[([0-?]{0,%d})([ -/]{0,2})(?:\Z|([hlcnpqt])))" % (CSI_LIMIT - 5)
)
"""What may have to be taken out or noted: strings, resets, and the control sequences whose last byte we know; also the
beginning of one at the end of the data. Colours and cursor movements, the bulk of any output, are passed over by the
regular expression engine: ten times faster than looking at each."""
_ALTERNATE_MODES: Final = frozenset({b"47", b"1047", b"1049"})
_PASTE_MODE: Final = b"2004"

_CSI_QUESTIONS: Final = {
    b"c": Question.ATTRIBUTES,
    b"0c": Question.ATTRIBUTES,
    b">c": Question.SECONDARY_ATTRIBUTES,
    b">0c": Question.SECONDARY_ATTRIBUTES,
    b"5n": Question.STATUS,
    b"6n": Question.CURSOR,
    b"?6n": Question.CURSOR_EXTENDED,
    b">q": Question.VERSION,
    b">0q": Question.VERSION,
    b"18t": Question.SIZE,
}
_OSC_QUESTIONS: Final = {b"10;?": Question.FOREGROUND, b"11;?": Question.BACKGROUND}


class Marks:
    """The scanner. It holds back only the beginning of a sequence that it may have to take out."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> tuple[Event, ...]:
        """The events in `data` (with what was held back before it), in the order of the stream."""
        data = self._held + data
        events: list[Event] = []
        position = 0
        while match := _INTERESTING.search(data, position):
            escape = match.start()
            if escape > position:
                events.append(Output(data[position:escape]))
            found = _read(data, match)
            if found is None:
                self._held = data[escape:]
                return merged(events)
            position, sequence_events = found
            events.extend(sequence_events)
        if position < len(data):
            events.append(Output(data[position:]))
        self._held = b""
        return merged(events)


def merged(events: Iterable[Event]) -> tuple[Event, ...]:
    """The same events with neighbouring outputs put together."""
    result: list[Event] = []
    run: list[bytes] = []
    for event in events:
        if isinstance(event, Output):
            run.append(event.data)
            continue
        if run:
            result.append(Output(b"".join(run)))
            run = []
        result.append(event)
    if run:
        result.append(Output(b"".join(run)))
    return tuple(result)


_Found = tuple[int, tuple[Event, ...]]
"""Where to go on reading, and what the sequence meant."""


def _read(data: bytes, match: re.Match[bytes]) -> _Found | None:
    """The sequence that was found; None when more bytes are needed to tell."""
    escape, end = match.span()
    introducer = data[escape + 1 : escape + 2]
    if introducer == b"[":
        parameters, intermediates, final = match.groups()
        return None if final is None else (end, _csi_meaning(match[0], parameters, intermediates, final))
    if introducer == b"c":  # a full reset also leaves the alternate screen
        return end, (Output(match[0]), AlternateScreen(False))
    return _read_string(data, escape) if introducer else None


def _read_string(data: bytes, escape: int) -> _Found | None:
    """OSC and its kin. BEL or ST ends one; any other control character, as in xterm CAN does, breaks it off."""
    start = escape + 2
    limit = start + STRING_LIMIT
    match = _STRING_BODY.match(data, start, limit)
    assert match is not None  # the pattern matches the empty string
    end = match.end()
    if end == limit:
        return end, ()
    if end == len(data):
        return None
    if data[end] == 0x07:
        return end + 1, _string_meaning(data, escape, end)
    if data[end] != _ESCAPE:
        return end, ()
    if end + 1 == len(data):
        return None
    if data[end + 1] == ord("\\"):
        return end + 2, _string_meaning(data, escape, end)
    return end, ()


def _string_meaning(data: bytes, escape: int, end: int) -> tuple[Event, ...]:
    if data[escape + 1] != ord("]"):
        return ()
    body = data[escape + 2 : end]
    if question := _OSC_QUESTIONS.get(body):
        return (Query(question),)
    kind, _, rest = body.partition(b";")
    return _mark(rest) if kind == b"133" else ()


def _mark(text: bytes) -> tuple[Event, ...]:
    """The part after `133;`: a letter and, for D, the exit code; further parameters (`aid=…`) are for others."""
    letter, _, parameters = text.partition(b";")
    match letter:
        case b"A":
            return (PromptStart(),)
        case b"B":
            return (InputStart(),)
        case b"C":
            return (CommandStart(),)
        case b"D":
            code = parameters.partition(b";")[0]
            return (CommandEnd(int(code) if re.fullmatch(rb"\d{1,3}", code) else None),)
    return ()


def _csi_meaning(sequence: bytes, parameters: bytes, intermediates: bytes, final: bytes) -> tuple[Event, ...]:
    if question := _CSI_QUESTIONS.get(parameters + intermediates + final):
        return (Query(question),)
    if final == b"t":
        return ()
    if final in b"hl" and parameters.startswith(b"?") and not intermediates:
        return Output(sequence), *_mode_switches(parameters[1:].split(b";"), final == b"h")
    return (Output(sequence),)


def _mode_switches(modes: list[bytes], on: bool) -> Iterable[Event]:
    if not _ALTERNATE_MODES.isdisjoint(modes):
        yield AlternateScreen(on)
    if _PASTE_MODE in modes:
        yield PasteMode(on)
