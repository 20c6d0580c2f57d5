"""`python -m bot`: the command line, the log and the signals."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import signal
import sys

from bot.app import run
from bot.errors import DosirakError, FaultsError
from bot.settings import Settings

DESCRIPTION = """Dosirak teaches Docker in a chat, on a real Docker host.

Everything is chosen by environment variables:
  TELEGRAM_TOKEN         the bot's token from @BotFather; without it a chat page on this machine takes Telegram's place
  TELEGRAM_API_URL       another Bot API server (https://api.telegram.org)
  DOSIRAK_STATE          folder of what must outlive a restart (.state)
  DOSIRAK_ENGINE         the Docker engine for labs (unix://.state/engine/docker.sock)
  DOSIRAK_NETNS          path of the network namespace that this engine lives in
  DOSIRAK_CGROUP         the cgroup that its labs stand in: a path, or NAME.slice where the engine's cgroup driver is
                         systemd; two bots on a machine need two, and deploy/run gives each its own (/dosirak)
  DOSIRAK_LISTEN         host:port of the chat page and of published pages (127.0.0.1:8080)
  DOSIRAK_PAGES_DOMAIN   domain under which published pages get their names (localhost)
  DOSIRAK_PAGES_SCHEME   http or https, as a front server offers it (http)
  DOSIRAK_PAGE_TTL, DOSIRAK_LAB_IDLE, DOSIRAK_LAB_LIFETIME   seconds
  DOSIRAK_PAGE_PREVIEW   1: show a picture of each new page, if Chromium is installed; it opens strangers' pages (0)
  DOSIRAK_LAB_MEMORY_MIB, DOSIRAK_LAB_CPUS, DOSIRAK_LAB_PIDS, DOSIRAK_LAB_CONTAINERS   most that a lab may take
  DOSIRAK_CONTAINER_MEMORY_MIB, DOSIRAK_CONTAINER_PIDS   most that each of its containers may take
  DOSIRAK_LAB_DISK_MIB, DOSIRAK_DISK_RESERVE_MIB   most that a lab may hold, and what stays free for the host
  DOSIRAK_MEMORY_RESERVE_MIB, DOSIRAK_LABS_MAX, DOSIRAK_LABS_PER_PERSON   how many labs are open at once
  DOSIRAK_ADMINS, DOSIRAK_BANNED, DOSIRAK_ALLOWED   Telegram ids: who sees /admin, who is not answered, who alone is
  DOSIRAK_CONTENT        folder of the course
  DOSIRAK_TOOLBOX_IMAGE, DOSIRAK_RUNTIME   image of a lab's shell, and the engine's runtime for labs

`deploy/run` brings up an engine and starts this."""
EXITS = "Exit codes: 0 stopped by a signal, 2 settings or course files must be put right, 1 anything else."


def main(arguments: list[str]) -> int:
    """Run until SIGINT or SIGTERM; the exit code says how it ended."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description=DESCRIPTION,
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        _log_lines(settings)
        _take_descriptors()
        asyncio.run(_until_signalled(settings))
    except FaultsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    except DosirakError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _take_descriptors() -> None:
    """As many open files as the system grants: the usual 1,024 are fewer than ten busy labs may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _until_signalled(settings: Settings) -> None:
    """A signal cancels the run, and the run closes everything in order; a second one changes nothing."""
    loop = asyncio.get_running_loop()
    work = loop.create_task(run(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: work.cancelling() or work.cancel())
    try:
        await work
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("stopped")


class _WithoutToken(logging.Formatter):
    """One line for each record; the token appears in none, whoever wrote it."""

    def __init__(self, token: str | None) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line.replace(self._token, "<token>") if self._token else line


def _log_lines(settings: Settings) -> None:
    handler = logging.StreamHandler()
    token = settings.telegram_token
    handler.setFormatter(_WithoutToken(token.get_secret_value() if token else None))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "docker", "urllib3", "aiohttp.access", "telegram", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
