"""How long the properties look: quickly in every run, and for as long as one likes by command.

DOSIRAK_FUZZ=100 python -m pytest --timeout=0 tests/guard tests/gate -k "fuzz or properties or tenants"

tries a hundred times as often, without the limit of time that a test has in an ordinary run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("DOSIRAK_FUZZ", "1"))


def examples(count: int, **more: int) -> settings:
    """So many examples in an ordinary run, without a time limit for one: this machine is shared."""
    return settings(
        max_examples=count * FACTOR,
        deadline=None,
        suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
        **more,
    )
