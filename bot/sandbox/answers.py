"""What the engine answers when it does not do what it was asked, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import h11
import requests.exceptions

from bot.errors import EngineConflict, EngineError, EngineNotFound, EngineTimeout, EngineUnavailable


def refusal(status: int, message: str) -> EngineError:
    """The error for an HTTP status that the engine answered."""
    kinds: dict[int, type[EngineError]] = {404: EngineNotFound, 409: EngineConflict}
    return kinds.get(status, EngineError)(message, status)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what docker-py, requests, h11 and the socket raise into EngineError, most specific first."""
    try:
        yield
    except docker.errors.APIError as error:
        raise refusal(error.status_code or 500, error.explanation or str(error)) from error
    except requests.exceptions.Timeout as error:
        raise EngineTimeout("the engine did not answer in time") from error
    except (docker.errors.DockerException, docker.errors.StreamParseError, h11.RemoteProtocolError) as error:
        raise EngineError(str(error)) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise EngineUnavailable(f"no answer at the engine's socket ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """The innermost error's words: requests wraps the system's own in two layers of its names."""
    inner = error
    while inner.__context__ is not None:
        inner = inner.__context__
    return getattr(inner, "strerror", None) or str(inner)
