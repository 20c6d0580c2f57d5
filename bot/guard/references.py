"""Image references in one form: Docker's familiar one, `repository:tag`, read as distribution/reference does."""

from __future__ import annotations

import re

from bot.guard.verdict import Refused

MAX_REFERENCE = 255
DOCKER_HUB = ("docker.io", "index.docker.io")

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?", re.ASCII)


def normalise(text: str, tag: str = "") -> str:
    """`docker.io/library/alpine` → `alpine:latest`; raises Refused (400) with the engine's words.

    A digest stays (`repository@sha256:…`), also when a tag stands before it, which the engine ignores too.
    """
    if tag:
        text = f"{text}@{tag}" if tag.startswith("sha256:") else f"{text}:{tag}"
    if len(text) > MAX_REFERENCE:
        raise _invalid()
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise _invalid()
    repository, tag = _split_tag(name)
    repository = _familiar(repository)
    return f"{repository}@{digest}" if at else f"{repository}:{tag}"


def _split_tag(name: str) -> tuple[str, str]:
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, "latest"
    if not _TAG.fullmatch(tag):
        raise _invalid()
    return head, tag


def _familiar(repository: str) -> str:
    first, slash, rest = repository.partition("/")
    # Newer readers take a first part in capitals for a domain; this engine does not.
    has_domain = bool(slash) and ("." in first or ":" in first or first == "localhost")
    domain, path = (first, rest) if has_domain else ("", repository)
    if path != path.lower():
        raise Refused(400, "bad-reference", "invalid reference format: repository name must be lowercase")
    if (domain and not _DOMAIN.fullmatch(domain)) or not all(_PART.fullmatch(part) for part in path.split("/")):
        raise _invalid()
    if domain and domain not in DOCKER_HUB:
        return repository
    return path.removeprefix("library/")


def _invalid() -> Refused:
    return Refused(400, "bad-reference", "invalid reference format")


def repository_of(reference: str) -> str:
    """`diamol/base` of `diamol/base:latest` or `diamol/base@sha256:…`."""
    return reference.partition("@")[0] if "@" in reference else reference.rpartition(":")[0]


def tag_of(reference: str) -> str:
    return reference.rpartition(":")[2]
