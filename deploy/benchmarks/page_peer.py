"""The proxy that ours is held against: JupyterHub's configurable-http-proxy, from npm."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.benchmarks.programs import own_variables

VERSION = "5.3.0"
"""Pinned, so that the ratio of two runs means the same; it needs Node.js 20 or later."""
PACKAGE = f"configurable-http-proxy@{VERSION}"
START_SECONDS = 15.0


async def installed(folder: Path) -> Path | None:
    """The proxy's program in this folder, installed there the first time; None where there is no npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    home = folder / PACKAGE
    program = home / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if not program.is_file():
        home.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"npm could not install {PACKAGE}:\n{errors.decode(errors='replace')[-2000:]}")
    return program


@asynccontextmanager
async def peer(program: Path, target: int) -> AsyncIterator[tuple[int, int]]:
    """The proxy in front of a port of this machine, everything else as it is by itself: its port and its pid."""
    port, control = _free_port(), _free_port()
    process = await asyncio.create_subprocess_exec(
        *("node", str(program), "--ip", "127.0.0.1", "--port", str(port), "--api-ip", "127.0.0.1"),
        *("--api-port", str(control), "--default-target", f"http://127.0.0.1:{target}", "--log-level", "error"),
        env=own_variables(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listens(port)
        yield port, process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def _listens(port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
