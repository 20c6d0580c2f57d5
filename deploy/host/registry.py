"""The embedded registry: on the namespace's loopback, so that only the private engine reaches it."""

from __future__ import annotations

from deploy.host.daemons import Daemon
from deploy.host.namespace import inside
from deploy.host.places import Places, quoted


def registry_daemon(places: Places) -> Daemon:
    """The registry's process; its configuration is written when it is prepared."""
    configuration = places.run / "registry.yml"
    return Daemon(
        name="registry",
        command=inside(places, "docker-registry", "serve", str(configuration)),
        mark=str(configuration),
        pid_file=places.run / "registry.pid",
        log=places.logs / "registry.log",
    )


def configuration(places: Places) -> str:
    """The registry's YAML."""
    folder = quoted(str(places.registry_data))
    return (
        "version: 0.1\n"
        "log: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: {quoted(places.registry)}}}\n"
    )
