"""What every test may ask for: the private engine that the launcher would start, here for one test session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.host.faults import HostFault
from deploy.host.temporary import EngineHost, temporary_engine


@pytest.fixture(scope="session")
def engine_host() -> Iterator[EngineHost]:
    """A private engine with the toolbox image, and the sample images in its registry; all of it gone afterwards."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(temporary_engine())
        except HostFault as fault:
            pytest.fail(str(fault), pytrace=False)
        yield host
