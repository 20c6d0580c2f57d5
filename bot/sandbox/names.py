"""What a lab's objects are called and labelled on the engine. Labels are the authority, names are for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.guard.owner import HOST_LABEL, LAB_LABEL, ROLE_LABEL
from bot.identity import LabId

HOME = "home"
TOOLBOX = "toolbox"


def network_name(lab: LabId) -> str:
    return f"lab-{lab}"


def bridge_names(lab: LabId) -> tuple[str, ...]:
    """The bridge interface, and what it may be called when an engine that was killed keeps that name to itself.

    The firewall's rules match `lab+`; the learner's own networks end in two digits.
    """
    return tuple(f"lab{lab}{spare}" for spare in ("", "a", "b", "c"))


def home_name(lab: LabId) -> str:
    return f"home-{lab}"


def toolbox_name(lab: LabId) -> str:
    return f"toolbox-{lab}"


def labels(lab: LabId, role: str, host: str = "") -> dict[str, str]:
    """The labels of what the bot makes for a lab; `host` is the bot's own word."""
    return {LAB_LABEL: lab, ROLE_LABEL: role} | ({HOST_LABEL: host} if host else {})


def virtual_name(lab: LabId, real: str) -> str:
    """The name that the learner sees, from the engine's (`/lab-<id>.web` is `web`; other names stay as they are)."""
    return real.removeprefix("/").removeprefix(f"lab-{lab}.")


def belongs(found: Mapping[str, str] | None, lab: LabId, role: str) -> bool:
    """Whether these labels say: this lab, this role."""
    return found is not None and found.get(LAB_LABEL) == lab and found.get(ROLE_LABEL) == role


def label_filter(lab: LabId | None = None, role: str | None = None, *, host: str = "") -> dict[str, Any]:
    """Engine filter for a lab's objects, or for those of all labs that the bot `host` has (empty: that any bot has)."""
    wanted = [LAB_LABEL if lab is None else f"{LAB_LABEL}={lab}"]
    wanted += [f"{ROLE_LABEL}={role}"] if role else []
    return {"label": wanted + ([f"{HOST_LABEL}={host}"] if host else [])}
