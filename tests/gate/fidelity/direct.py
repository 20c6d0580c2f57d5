"""The other side of the comparison: an engine of its own with Docker's ordinary default bridge, and nothing else."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.host.daemons import POLL
from deploy.host.engine import START_LIMIT, Engine, dockerd_daemon, dockerd_settings
from deploy.host.engine_api import answers
from deploy.host.images import cache_folder, images_key
from deploy.host.places import Places
from tests.gate.support import on_engine


@contextmanager
def direct_engine() -> Iterator[Path]:
    """The socket of an engine without any image or container; the sample images are in its registry."""
    state = Path(tempfile.mkdtemp(prefix="dosirak-"))
    places = Places.of(state)
    engine = Engine(places)
    try:
        engine.start()
        _with_a_bridge(places)
        samples = cache_folder() / f"images-{images_key()}" / "registry"
        shutil.copytree(samples, places.registry_data, dirs_exist_ok=True)
        yield engine.socket
    finally:
        engine.stop()
        shutil.rmtree(state, ignore_errors=True)


def _with_a_bridge(places: Places) -> None:
    """Labs have networks of their own, so the private engine has no default bridge; here it is what they imitate."""
    settings = dockerd_settings(places)
    del settings["bridge"], settings["icc"]
    dockerd = dockerd_daemon(places)
    dockerd.stop(grace=5.0)
    (places.run / "dockerd.pid").unlink(missing_ok=True)
    (places.run / "dockerd.json").write_text(json.dumps(settings))
    dockerd.start()
    deadline = time.monotonic() + START_LIMIT
    while not answers(places.engine_socket) and time.monotonic() < deadline:
        time.sleep(POLL)


def emptied(engine: Path) -> None:
    """Take away all that a script left."""
    if found := on_engine(engine, "ps", "--all", "--quiet").split():
        on_engine(engine, "rm", "--force", "--volumes", *found)
    on_engine(engine, "system", "prune", "--all", "--force", "--volumes")
