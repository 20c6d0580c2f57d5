"""Default deny on every lab's bridge: a lab may talk within itself and answer the bot, and nothing else.

The rules live in chains of their own, in the engine's network namespace, for IPv4 and IPv6. Docker does not filter
INPUT at all, and a bridge's gateway address is reachable even on an internal network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.errors import LabError
from bot.sandbox.namespace import NetworkNamespace

log = logging.getLogger(__name__)

LABS = "lab+"
INPUT, FORWARD = "DOSIRAK-INPUT", "DOSIRAK-FORWARD"
CHECK_SECONDS = 10.0
"""How long a flushed table can stay open; the private namespace has no other way out meanwhile."""

COMMAND_SECONDS = 10.0

IPV6 = Path("/proc/net/if_inet6")
"""There as soon as the kernel has IPv6 at all, also where every interface has it switched off."""

DOCKER_USER = "DOCKER-USER"
"""Docker's chain for other people's rules: with every new network Docker puts its jump to it first in FORWARD again."""

UNTRACKED = f"-i {LABS} -m addrtype ! --dst-type LOCAL -j CT --notrack"
"""What a lab says within itself needs no state, and the namespace has one table of states for all labs: with a new
port for each packet one lab would fill it in ten seconds, and then nobody else's connection would be let through."""

INPUT_JUMPS = (f"-i {LABS} -j {INPUT}",)
FORWARD_JUMPS = (f"-i {LABS} -j {FORWARD}", f"-o {LABS} -j {FORWARD}")


class Firewall:
    """Keeps the rules in place in one network namespace."""

    def __init__(self, namespace: NetworkNamespace) -> None:
        self._namespace = namespace
        self._tracks = False
        """Whether this kernel cannot leave the labs' packets out of its table of connections."""

    async def ensure(self) -> bool:
        """Put the rules in place if they are not; True when something had to be done. Raises LabError."""
        self._answer_at_once()
        changed = [await self._ensure(command) for command in _commands()]
        return await self._untrack() or any(changed)

    async def _untrack(self) -> bool:
        """Not a wall: a kernel without the means for it still gets the walls."""
        if self._tracks:
            return False
        try:
            if f"-A PREROUTING {UNTRACKED}" in (await self._raw("-S")).splitlines():
                return False
            await self._raw("-A", "PREROUTING", *UNTRACKED.split())
        except LabError as error:
            self._tracks = True
            log.warning("connections within labs are tracked, so that one lab can fill the table of all: %s", error)
            return False
        return True

    async def _raw(self, *arguments: str) -> str:
        return await self._run("iptables", "-t", "raw", *arguments)

    def _answer_at_once(self) -> None:
        """In the engine's own namespace: where no route leads is said each time, not once a second."""
        if self._namespace.path is None:
            return
        try:
            with self._namespace.entered(), suppress(OSError):
                Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0")
        except OSError as error:
            path, reason = self._namespace.path, error.strerror
            raise LabError(f"the engine's network namespace {path} cannot be entered: {reason}") from error

    async def keep(self) -> None:
        """Look again and again: somebody may flush the tables."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                if await self.ensure():
                    log.warning("the firewall rules of the labs were gone and are back")
            except LabError as error:
                log.error("the firewall rules of the labs cannot be checked: %s", error)

    async def remove(self) -> None:
        """Take everything of ours away."""
        if not self._tracks and UNTRACKED in await self._raw("-S"):
            await self._raw("-D", "PREROUTING", *UNTRACKED.split())
        for command in _commands():
            listed = await self._run(command, "-S")
            for line in _jumps_in(listed):
                await self._run(command, *line.replace("-A", "-D", 1).split())
            for chain in (INPUT, FORWARD):
                if f"-N {chain}" in listed:
                    await self._run(command, "-F", chain)
                    await self._run(command, "-X", chain)

    async def _ensure(self, command: str) -> bool:
        listed = (await self._run(command, "-S")).splitlines()
        right = all(_of(chain, listed) == _of(chain, _rules(command)) for chain in (INPUT, FORWARD))
        if right and _reached(listed):
            return False
        await self._restore(command, listed)
        return True

    async def _restore(self, command: str, listed: list[str]) -> None:
        """One transaction: there is no moment between the old rules and the new."""
        lines = ["*filter", f":{INPUT} - [0:0]", f":{FORWARD} - [0:0]"]
        lines += [line.replace("-A", "-D", 1) for line in _jumps_in("\n".join(listed))]
        lines += [f"-I INPUT {rule}" for rule in INPUT_JUMPS]
        for chain in ("FORWARD", DOCKER_USER) if _has_docker_user(listed) else ("FORWARD",):
            lines += [f"-I {chain} {rule}" for rule in reversed(FORWARD_JUMPS)]
        lines += [*_rules(command), "COMMIT", ""]
        await self._run(f"{command}-restore", "--noflush", given="\n".join(lines))

    async def _run(self, command: str, *arguments: str, given: str = "") -> str:
        line = [command, "-w", *arguments]
        if self._namespace.path is not None:
            line = ["nsenter", f"--net={self._namespace.path}", *line]
        try:
            process = await asyncio.create_subprocess_exec(
                *line, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise LabError(f"{line[0]} cannot be run: {error}") from error
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                output, errors = await process.communicate(given.encode())
        except BaseException as error:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if isinstance(error, TimeoutError):
                raise LabError(f"{command} did not end in {COMMAND_SECONDS:g} s") from error
            raise
        if process.returncode != 0:
            raise LabError(f"{' '.join(line)}: {errors.decode(errors='replace').strip()}")
        return output.decode()


def _commands() -> tuple[str, ...]:
    """A kernel that was started without IPv6 has no packets of it, and may have no table for it either."""
    return ("iptables", "ip6tables") if IPV6.exists() else ("iptables",)


def _rules(command: str) -> list[str]:
    """Both chains, written as `-S` lists them."""
    rules = [f"-A {INPUT} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"] if command == "iptables" else []
    rules += _denied(INPUT, command)
    if Path("/proc/sys/net/bridge").exists():
        # With br_netfilter even frames within one bridge pass FORWARD. Without it the match would load the module.
        rules.append(f"-A {FORWARD} -m physdev --physdev-is-bridged -j RETURN")
    return rules + _denied(FORWARD, command)


def _denied(chain: str, command: str) -> list[str]:
    """A refused connection is told so at once: a learner's `curl` must not hang for two minutes."""
    if command != "iptables":
        return [f"-A {chain} -j DROP"]
    return [f"-A {chain} -p tcp -j REJECT --reject-with tcp-reset", f"-A {chain} -j DROP"]


def _jumps_in(listed: str) -> list[str]:
    return [line for line in listed.splitlines() if line.endswith((f"-j {INPUT}", f"-j {FORWARD}"))]


def _reached(listed: list[str]) -> bool:
    """Whether no earlier rule can accept for us: our jumps stand first, behind nothing but Docker's own first jumps."""
    if not _has_docker_user(listed):
        return _first(listed, "INPUT", INPUT_JUMPS) and _first(listed, "FORWARD", FORWARD_JUMPS)
    there = all(f"-A FORWARD {rule}" in listed for rule in FORWARD_JUMPS)
    return there and _first(listed, "INPUT", INPUT_JUMPS) and _first(listed, DOCKER_USER, FORWARD_JUMPS)


def _has_docker_user(listed: list[str]) -> bool:
    return f"-N {DOCKER_USER}" in listed


def _first(listed: list[str], chain: str, jumps: Sequence[str]) -> bool:
    return _of(chain, listed)[: len(jumps)] == [f"-A {chain} {rule}" for rule in jumps]


def _of(chain: str, listed: list[str]) -> list[str]:
    return [line for line in listed if line.startswith(f"-A {chain} ")]
