"""Uploaded files: bytes in a folder under random ids, and what a picture's header says about its size."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
import struct
import time
from collections.abc import Iterable
from pathlib import Path

from bot.localchat.values import File

FRESH_SECONDS = 60.0


class FileShelf:
    """A folder of files; names on disk are ids made here, never what a client said."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def save(self, name: str, mime: str | None, content: bytes) -> File:
        """Keep the bytes and tell what they are."""
        file_id = "BQAC" + secrets.token_urlsafe(18)
        width, height = picture_size(content)
        kind = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        await asyncio.to_thread((self._folder / file_id).write_bytes, content)
        return File(file_id, name or "file", kind, len(content), width, height)

    async def read(self, file: File) -> bytes | None:
        """The bytes, or None when the file is gone."""
        try:
            return await asyncio.to_thread((self._folder / file.id).read_bytes)
        except FileNotFoundError:
            return None

    def prune(self, used: Iterable[File], budget: int) -> None:
        """Delete what no message shows any more, and the oldest beyond the budget. Blocking: run in a thread.

        `used` is oldest first. A file just uploaded may still be on its way into a message, and stays.
        """
        keep = set()
        for file in reversed(tuple(used)):
            budget -= file.size
            if budget >= 0:
                keep.add(file.id)
        young = time.time() - FRESH_SECONDS
        for path in self._folder.iterdir():
            if path.name not in keep and path.stat().st_mtime < young:
                path.unlink(missing_ok=True)


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF or JPEG from its header; (0, 0) for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:6] in (b"GIF87a", b"GIF89a") and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return width, height
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    return 0, 0


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The frame header (SOF0 to SOF15 but DHT, JPG, DAC) holds height and width."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
    return 0, 0
