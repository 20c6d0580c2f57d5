"""What a lab holds on the engine's disk: each container with its own layer and logs, each volume, and their folders."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EngineNotFound, EngineTimeout
from bot.guard.owner import LAB_LABEL, LEARNER, ROLE_LABEL
from bot.identity import LabId
from bot.sandbox.engine import Engine
from bot.sandbox.names import label_filter, virtual_name

log = logging.getLogger(__name__)

LAYER_SECONDS = 0.5
"""For one container, and so for all at once: the disk is not watched meanwhile."""
AGAIN_SECONDS = 5.0
"""Until a container is asked for again about which the engine did not answer."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container. `name` is what its learner calls it, None for the toolbox."""

    id: str
    name: str | None
    volumes: frozenset[str]
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything of one lab that takes room, containers by id and volumes' folders by name."""

    containers: Mapping[str, Container]
    volumes: Mapping[str, Path]

    def folders(self) -> dict[str, tuple[Path, ...]]:
        """The folders of each part."""
        volumes = {name: (folder,) for name, folder in self.volumes.items()}
        return {key: container.folders for key, container in self.containers.items()} | volumes

    def users(self, part: str) -> list[Container]:
        """A container is its own user; a volume has those that mount it."""
        return [found for key, found in self.containers.items() if part == key or part in found.volumes]

    def toolbox(self) -> list[Container]:
        return [container for container in self.containers.values() if container.name is None]


class Inventory:
    """Reads what labs hold; a container's layer is asked for once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._layers: dict[str, tuple[Path, ...]] = {}
        self._silent: dict[str, float] = {}
        """Containers about which the engine did not answer, and when to ask again."""
        self._root: Path | None = None

    async def root(self) -> Path:
        """The folder that the engine keeps everything in."""
        if self._root is None:
            found = await self._engine.call(lambda client: client.info())
            self._root = Path(found["DockerRootDir"])
        return self._root

    async def labs(self, open_labs: Collection[LabId]) -> dict[LabId, Holdings]:
        """What every lab holds that is open or in which something runs; the others cannot grow."""
        filters = label_filter(host=self._engine.host)
        listed = await self._engine.call(lambda client: client.containers(all=True, filters=filters))
        volumes = (await self._engine.call(lambda client: client.volumes(filters=filters)))["Volumes"] or []
        labs = {LabId(item["Labels"][LAB_LABEL]) for item in listed if _runs(item)} | set(open_labs)
        listed = [item for item in listed if item["Labels"][LAB_LABEL] in labs]
        await self._learn_layers(item["Id"] for item in listed)
        root = await self.root()
        return {lab: self._holdings(lab, root, listed, volumes) for lab in labs}

    async def _learn_layers(self, containers: Iterable[str]) -> None:
        """What the engine does not tell at once is asked again a little later: the others are measured without it."""
        ids, now = set(containers), time.monotonic()
        self._layers = {key: layer for key, layer in self._layers.items() if key in ids}
        self._silent = {key: until for key, until in self._silent.items() if key in ids and until > now}
        missing = ids - self._layers.keys() - self._silent.keys()
        for key, layer in zip(missing, await asyncio.gather(*map(self._layer, missing)), strict=True):
            if layer is None:
                self._silent[key] = time.monotonic() + AGAIN_SECONDS
            else:
                self._layers[key] = layer

    async def _layer(self, container_id: str) -> tuple[Path, ...] | None:
        try:
            found = await self._engine.inspect(container_id, LAYER_SECONDS)
        except EngineNotFound:
            return ()
        except EngineTimeout as error:
            log.warning("the layer of %s is not measured for now: %s", container_id[:12], error)
            return None
        upper = ((found.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
        if upper is None:
            log.warning("the engine does not say where the layer of %s is: it is not measured", container_id[:12])
            return ()
        return (Path(upper),)

    def _holdings(self, lab: LabId, root: Path, listed: list[dict[str, Any]], volumes: list[Any]) -> Holdings:
        own = [item for item in listed if item["Labels"][LAB_LABEL] == lab]
        return Holdings(
            {item["Id"]: self._container(lab, root, item) for item in own},
            {item["Name"]: Path(item["Mountpoint"]) for item in volumes if item["Labels"].get(LAB_LABEL) == lab},
        )

    def _container(self, lab: LabId, root: Path, item: dict[str, Any]) -> Container:
        return Container(
            id=item["Id"],
            name=learners_name(lab, item),
            volumes=frozenset(mount["Name"] for mount in item["Mounts"] if mount["Type"] == "volume"),
            # The second one has its logs.
            folders=(*self._layers.get(item["Id"], ()), root / "containers" / item["Id"]),
        )


def _runs(item: Mapping[str, Any]) -> bool:
    return bool(item["State"] == "running")


def learners_name(lab: LabId, item: Mapping[str, Any]) -> str | None:
    """How the learner knows a container of the engine's list; None for the lab's own shell."""
    if item["Labels"].get(ROLE_LABEL) != LEARNER:
        return None
    # A container on a network has its links' names in the list as well; its own has one slash.
    names = [name for name in item["Names"] or () if name.count("/") == 1]
    return virtual_name(lab, names[0]) if names else str(item["Id"][:12])
