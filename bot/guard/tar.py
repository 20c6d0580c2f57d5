"""Looking at a tar archive while it passes: header by header, in constant memory."""

from __future__ import annotations

BLOCK = 512
MAX_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 10_000
"""More than any lesson copies; each costs the engine an inode."""
MAX_ENTRY = 64 * 1024 * 1024
DEVICES = b"346"
"""Type flags: character device, block device, FIFO."""
KNOWN = b"0\x001257xgLK"
"""Files, links, folders, and the headers that Go's archive/tar writes before them."""


class TarWatch:
    """Feed it the archive's bytes in any pieces; `feed` says whether it may still pass."""

    def __init__(self) -> None:
        self._header = b""
        self._skip = 0
        self._bytes = 0
        self._entries = 0
        self._ended = False

    def feed(self, data: bytes) -> bool:
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            return False
        position = 0
        while position < len(data) and not self._ended:
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            step = min(BLOCK - len(self._header), len(data) - position)
            self._header += data[position : position + step]
            position += step
            if len(self._header) == BLOCK:
                if not self._entry(self._header):
                    return False
                self._header = b""
        return True

    def _entry(self, header: bytes) -> bool:
        """One header block; the engine's reader stops at the first empty one."""
        if header == bytes(BLOCK):
            self._ended = True
            return True
        self._entries += 1
        size = _octal(header[124:136])
        if header[257:262] != b"ustar" or header[156:157] in DEVICES or header[156:157] not in KNOWN:
            return False
        if size is None or size > MAX_ENTRY or self._entries > MAX_ENTRIES:
            return False
        self._skip = -(-size // BLOCK) * BLOCK
        return True


def _octal(field: bytes) -> int | None:
    """A size field: octal digits only. The binary form is for files beyond 8 GiB."""
    digits = field.strip(b" \x00")
    if not all(digit in b"01234567" for digit in digits):
        return None
    return int(digits or b"0", 8)
