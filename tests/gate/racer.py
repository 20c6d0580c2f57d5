"""A program that swaps two names as fast as the kernel can, to be run in a container that has no compiler.

Written as machine code, since a shell is a thousand times too slow to meet the engine between two system calls.
"""

from __future__ import annotations

import platform
import struct

RENAMEAT2, EXCHANGE, HERE = 316, 2, -100
BASE = 0x400000
HEADERS = 64 + 56


def available() -> bool:
    """Whether it is written for this processor."""
    return platform.machine() == "x86_64"


def racer(one: str, other: str) -> bytes:
    """An executable for x86-64 Linux that exchanges two paths for ever: renameat2(one, other, RENAME_EXCHANGE)."""
    code = b"".join(
        (
            b"\xbf" + struct.pack("<i", HERE),  # mov edi, HERE
            b"\x48\xc7\xc6" + b"ONE.",  # mov rsi, one
            b"\xba" + struct.pack("<i", HERE),  # mov edx, HERE
            b"\x49\xc7\xc2" + b"TWO.",  # mov r10, other
            b"\x41\xb8" + struct.pack("<i", EXCHANGE),  # mov r8d, EXCHANGE
            b"\xb8" + struct.pack("<i", RENAMEAT2),  # mov eax, RENAMEAT2
            b"\x0f\x05",  # syscall
        )
    )
    code += b"\xeb" + struct.pack("<b", -len(code) - 2)  # jmp to the beginning
    first = BASE + HEADERS + len(code)
    second = first + len(one.encode()) + 1
    code = code.replace(b"ONE.", struct.pack("<I", first)).replace(b"TWO.", struct.pack("<I", second))
    body = code + one.encode() + b"\0" + other.encode() + b"\0"
    size = HEADERS + len(body)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, BASE + HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return identity + head + segment + body
