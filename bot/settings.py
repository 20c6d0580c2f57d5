"""Settings: the environment, read once into a frozen object; all faults are reported together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import Fault, SettingsError

CONTENT = Path(__file__).resolve().parent.parent / "content"

_SLICE = re.compile(r"[A-Za-z0-9_.:]+(-[A-Za-z0-9_.:]+)*\.slice", re.ASCII)
"""systemd's rule for the name of a slice: a dash is a level, so none is empty."""

Ids = Annotated[frozenset[int], NoDecode]
"""Written as numbers with commas between them, not as JSON."""


class Settings(BaseSettings):
    """What an operator may choose. Times are in seconds, sizes in bytes unless the name says MiB."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    telegram_token: SecretStr | None = Field(None, validation_alias="TELEGRAM_TOKEN")
    telegram_api_url: str | None = Field(None, validation_alias="TELEGRAM_API_URL")
    state: Path = Field(Path(".state"), validation_alias="DOSIRAK_STATE")
    engine: str = Field("unix://.state/engine/docker.sock", validation_alias="DOSIRAK_ENGINE")
    network_namespace: str | None = Field(None, validation_alias="DOSIRAK_NETNS")
    """Path of the network namespace that the engine's bridges live in; None: the bot's own."""
    listen: str = Field("127.0.0.1:8080", validation_alias="DOSIRAK_LISTEN")
    pages_domain: str = Field("localhost", validation_alias="DOSIRAK_PAGES_DOMAIN")
    pages_scheme: Literal["http", "https"] = Field("http", validation_alias="DOSIRAK_PAGES_SCHEME")
    page_ttl: int = Field(1800, ge=60, le=86400, validation_alias="DOSIRAK_PAGE_TTL")
    page_preview: bool = Field(False, validation_alias="DOSIRAK_PAGE_PREVIEW")
    """Whether a Chromium of this machine takes a picture of each page for the chat (see `bot.pages.browser`)."""
    lab_idle: int = Field(1800, ge=60, validation_alias="DOSIRAK_LAB_IDLE")
    lab_lifetime: int = Field(14400, ge=300, validation_alias="DOSIRAK_LAB_LIFETIME")
    content: Path = Field(CONTENT, validation_alias="DOSIRAK_CONTENT")
    toolbox_image: str = Field("dosirak/toolbox:latest", validation_alias="DOSIRAK_TOOLBOX_IMAGE")
    runtime: str = Field("runc", validation_alias="DOSIRAK_RUNTIME")
    cgroup: str = Field("/dosirak", validation_alias="DOSIRAK_CGROUP")
    """The cgroup that all labs stand in: a path, or `NAME.slice` for an engine with the systemd cgroup driver.

    Two bots on one machine need two (the launcher sees to it): each removes what it does not know there.
    """
    lab_memory_mib: int = Field(512, ge=64, validation_alias="DOSIRAK_LAB_MEMORY_MIB")
    """Memory of a whole lab (its cgroup parent), toolbox included."""
    container_memory_mib: int = Field(128, ge=16, validation_alias="DOSIRAK_CONTAINER_MEMORY_MIB")
    lab_cpus: float = Field(1.0, gt=0, validation_alias="DOSIRAK_LAB_CPUS")
    lab_pids: int = Field(256, ge=32, validation_alias="DOSIRAK_LAB_PIDS")
    container_pids: int = Field(96, ge=16, validation_alias="DOSIRAK_CONTAINER_PIDS")
    lab_containers: int = Field(12, ge=2, le=12, validation_alias="DOSIRAK_LAB_CONTAINERS")
    """At most 12: a lab's /28 network has 13 usable addresses, and the toolbox takes one."""
    lab_disk_mib: int = Field(1024, ge=64, validation_alias="DOSIRAK_LAB_DISK_MIB")
    """Disk of a whole lab: what its containers, volumes and logs hold. The chapters' own work takes a few MiB."""
    disk_reserve_mib: int = Field(1024, ge=0, validation_alias="DOSIRAK_DISK_RESERVE_MIB")
    """With less than this left free on the engine's disk, whatever grows in a lab is stopped."""
    memory_reserve_mib: int = Field(256, ge=0, validation_alias="DOSIRAK_MEMORY_RESERVE_MIB")
    """With less than this available on the host, no further lab is opened."""
    labs_max: int = Field(200, ge=1, validation_alias="DOSIRAK_LABS_MAX")
    labs_per_person: int = Field(3, ge=1, validation_alias="DOSIRAK_LABS_PER_PERSON")
    """Labs open at once that one person has begun, groups' labs included."""
    admins: Ids = Field(frozenset(), validation_alias="DOSIRAK_ADMINS")
    banned: Ids = Field(frozenset(), validation_alias="DOSIRAK_BANNED")
    allowed: Ids = Field(frozenset(), validation_alias="DOSIRAK_ALLOWED")
    """Telegram ids of people (and of groups, below zero). An empty `allowed` invites everybody."""

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, separator, port = value.rpartition(":")
        if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError("write host:port, for example 127.0.0.1:8080")
        return value

    @field_validator("cgroup")
    @classmethod
    def _path_or_slice(cls, value: str) -> str:
        is_slice = value.endswith(".slice") and "/" not in value
        if not value.strip("/") or (is_slice and not _SLICE.fullmatch(value)):
            raise ValueError("write a path such as /dosirak, or a slice such as dosirak.slice")
        return value

    @field_validator("admins", "banned", "allowed", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        words = value.replace(",", " ").split()
        if not all(word.removeprefix("-").isascii() and word.removeprefix("-").isdigit() for word in words):
            raise ValueError("write Telegram ids, for example 123456789,-1001234567890")
        return frozenset(map(int, words))

    @field_validator("telegram_token", "telegram_api_url", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def listen_host(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def listen_port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment; raises SettingsError with every fault, variable by variable."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(tuple(_faults(error))) from None


def _faults(error: ValidationError) -> list[Fault]:
    return [
        Fault(".".join(str(part) for part in item["loc"]), item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_url=False, include_context=False)
    ]
