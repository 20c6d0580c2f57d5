"""Looking at a tar archive while it passes: header by header, in constant memory.

The engine reads with Go's archive/tar. What that would read in another way than we do is refused, or a device file
could hide in what we take for content, and a few bytes could be a terabyte that the engine writes.
"""

from __future__ import annotations

import re

from bot.guard import forced

BLOCK = 512
MAX_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 10_000
"""More than any lesson copies; each costs the engine an inode."""
MAX_ENTRY = forced.FILE_BYTES
"""What a program in a container may write, another way in may not exceed."""
DEVICES = b"346"
"""Type flags: character device, block device, FIFO."""
KNOWN = b"01257xgLK"
"""Files, links, folders, and the headers that Go's archive/tar writes before them. Not the old NUL for a file: Go takes
it for a folder when its name, which another header may give, ends with a slash."""
NO_CONTENT = b"125"
"""Links and folders: Go reads the next header right after theirs, whatever size they say."""
EXTENDED = b"xg"
RECORDS = frozenset(
    ("path", "linkpath", "uname", "gname", "uid", "gid", "mtime", "atime", "ctime", "comment"),
)
"""What an extended header may say. Not `size`, nor `GNU.sparse.…`, which make a file as large as they like, and no
extended attributes."""
MAX_RECORDS = 64 * 1024
"""Bytes of an extended header; the longest path has 4 KiB."""

_COMPRESSED = re.compile(rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
"""gzip, bzip2, xz, zstd: the engine looks at the first bytes alone, which in a tar are the first file's name."""
_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ")


class TarWatch:
    """Feed it the archive's bytes in any pieces; `feed` says whether it may still pass."""

    def __init__(self) -> None:
        self._header = b""
        self._skip = 0
        self._extended = bytearray()
        self._wanted = 0
        """Bytes of an extended header's content that are still to come."""
        self._bytes = 0
        self._entries = 0
        self._ended = False

    def feed(self, data: bytes) -> bool:
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            return False
        position = 0
        while position < len(data) and not self._ended:
            step = min(self._skip or BLOCK - len(self._header), len(data) - position)
            piece = data[position : position + step]
            position += step
            if not (self._content(piece) if self._skip else self._head(piece)):
                return False
        return True

    def _content(self, piece: bytes) -> bool:
        """Passes by, but for what an extended header says."""
        self._skip -= len(piece)
        if not self._wanted:
            return True
        kept = piece[: self._wanted]
        self._wanted -= len(kept)
        self._extended += kept
        return bool(self._wanted) or _harmless(bytes(self._extended))

    def _head(self, piece: bytes) -> bool:
        self._header += piece
        if not self._entries and _COMPRESSED.match(self._header):
            return False
        if len(self._header) < BLOCK:
            return True
        header, self._header = self._header, b""
        return self._entry(header)

    def _entry(self, header: bytes) -> bool:
        """One header block; the engine's reader stops at the first empty one."""
        if header == bytes(BLOCK):
            self._ended = True
            return True
        self._entries += 1
        kind, size = header[156:157], _octal(header[124:136])
        if header[257:262] != b"ustar" or kind in DEVICES or kind not in KNOWN:
            return False
        if size is None or size > MAX_ENTRY or self._entries > MAX_ENTRIES or (size and kind in NO_CONTENT):
            return False
        self._skip = -(-size // BLOCK) * BLOCK
        if kind in EXTENDED:
            self._extended.clear()
            self._wanted = size
        return self._wanted <= MAX_RECORDS


def _octal(field: bytes) -> int | None:
    """A size field: octal digits only. The binary form is for files beyond 8 GiB."""
    digits = field.strip(b" \x00")
    if not all(digit in b"01234567" for digit in digits):
        return None
    return int(digits or b"0", 8)


def _harmless(records: bytes) -> bool:
    """Whether an extended header (`20 path=some/file\\n` …) can be read in one way and says only what it may."""
    while records:
        match = _RECORD.match(records)
        if match is None or not match.end() < int(match[1]) <= len(records):
            return False
        record, records = records[match.end() : int(match[1])], records[int(match[1]) :]
        key, equals, _ = record.partition(b"=")
        if not equals or record[-1:] != b"\n" or key.decode("latin-1") not in RECORDS:
            return False
    return True
