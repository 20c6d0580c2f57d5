"""The image cache is virtual: an image is local for a lab once it is on the lab's shelf.

The engine's images are shared, so the lab sees those on its shelf alone, under the names on the list alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from bot.guard import facts as ask
from bot.guard.call import Call, flag
from bot.guard.facts import Facts
from bot.guard.filters import keep_by_filters, read_filters
from bot.guard.owner import IMAGE_LABEL, Owner
from bot.guard.references import normalise, repository_of, tag_of
from bot.guard.refusals import refuse
from bot.guard.verdict import (
    Answer,
    Carry,
    Forward,
    Refused,
    Reply,
    Upstream,
    Verdict,
    answer_json,
    to_json,
)

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{4,64}", re.ASCII)
SHORT = 12
"""Digits of the ids that Docker prints."""


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image on the lab's shelf: the engine's id and the lab's references to it."""

    identity: str
    references: tuple[str, ...]
    summary: dict[str, Any]


def local_images(facts: Facts) -> list[LocalImage]:
    """What is local for the lab, newest first as the engine lists them."""
    facts.require(ask.SHELF, ask.IMAGES)
    shelf = facts.shelf()
    found = []
    for item in facts.images():
        references = tuple(tag for tag in item.get("RepoTags") or () if tag in shelf)
        if references:
            found.append(LocalImage(item["Id"], references, item))
    return found


def find_local(facts: Facts, text: str) -> LocalImage | None:
    """The local image that a learner's word means: a reference, or an id or its beginning."""
    local = local_images(facts)
    if _ID.fullmatch(text):
        digits = text.removeprefix("sha256:")
        by_id = [image for image in local if image.identity.removeprefix("sha256:").startswith(digits)]
        if len(by_id) == 1:
            return by_id[0]
        if text.startswith("sha256:"):
            return None
    reference = normalise(text)
    for image in local:
        if reference in image.references or _has_digest(image, reference):
            return image
    return None


def _has_digest(image: LocalImage, reference: str) -> bool:
    if "@" not in reference or reference not in (image.summary.get("RepoDigests") or ()):
        return False
    return repository_of(reference) in {repository_of(own) for own in image.references}


def require_local(facts: Facts, text: str) -> LocalImage:
    """As `find_local`; raises Docker's 404, at which the CLI's `run` pulls."""
    image = find_local(facts, text)
    if image is None:
        raise Refused(404, "no-image", no_image(text))
    return image


def no_image(text: str) -> str:
    return f"No such image: {text if _ID.fullmatch(text) else normalise(text)}"


def list_images(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    filters = read_filters(call.query, {"reference", "dangling", "label", "before", "since"})
    found = [image_summary(image) for image in local_images(facts)]
    for value in filters.get("before", ()):
        limit = require_local(facts, value).summary["Created"]
        found = [item for item in found if item["Created"] < limit]
    for value in filters.get("since", ()):
        limit = require_local(facts, value).summary["Created"]
        found = [item for item in found if item["Created"] > limit]
    return answer_json(keep_by_filters(found, filters))


def image_summary(image: LocalImage) -> dict[str, Any]:
    item = image.summary
    repositories = {repository_of(reference) for reference in image.references}
    digests = [digest for digest in item.get("RepoDigests") or () if repository_of(digest) in repositories]
    kept = {key: item.get(key) for key in ("Id", "Created", "Size", "VirtualSize", "Labels")}
    return kept | {
        "ParentId": "",
        "RepoTags": list(image.references),
        "RepoDigests": digests,
        "SharedSize": -1,
        "Containers": -1,
    }


def inspect_image(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    image = find_local(facts, name)
    if image is None:
        # The engine wraps its own error for this call alone.
        raise Refused(404, "no-image", f"no such image: {name}: {no_image(name)}")
    return Forward(Upstream("GET", f"/images/{image.identity}/json"), Reply(view=lambda item: _detail(image, item)))


def _detail(image: LocalImage, item: dict[str, Any]) -> dict[str, Any]:
    hidden = ("GraphDriver", "Metadata", "Container", "ContainerConfig", "Parent")
    shown = {key: value for key, value in item.items() if key not in hidden}
    summary = image_summary(image)
    return shown | {"RepoTags": summary["RepoTags"], "RepoDigests": summary["RepoDigests"], "Parent": ""}


def image_history(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    image = require_local(facts, name)

    def view(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item | {"Tags": list(image.references) if item.get("Tags") else None} for item in items]

    return Forward(Upstream("GET", f"/images/{image.identity}/history"), Reply(view=view))


def pull_image(call: Call, owner: Owner, facts: Facts, _: str) -> Verdict:
    """Only images on the list; what the engine has already is answered in the pull's own stream."""
    for parameter in ("fromSrc", "repo", "message", "changes"):
        if call.query.get(parameter):
            raise refuse("image-load")
    reference = normalise(call.query.get("fromImage", ""), call.query.get("tag", ""))
    if reference not in owner.images:
        known = ", ".join(sorted(owner.images))
        message = f"pull access denied for {repository_of(reference)}: this lab pulls the course's images only: {known}"
        raise Refused(404, "image-not-listed", message)
    facts.require(ask.SHELF, ask.IMAGES)
    held = [item for item in facts.images() if reference in (item.get("RepoTags") or ())]
    if held:
        return _already_here(facts, held[0], reference)
    query = (("fromImage", repository_of(reference)), ("tag", tag_of(reference)))
    return Forward(Upstream("POST", "/images/create", query), Reply(Carry.STREAM, add=(reference,)))


def _already_here(facts: Facts, item: dict[str, Any], reference: str) -> Answer:
    """The engine's pull stream for an image that it holds; the first time in a lab the layers are shown."""
    lines: list[dict[str, Any]] = [{"status": f"Pulling from {repository_of(reference)}", "id": tag_of(reference)}]
    known = reference in facts.shelf()
    if not known:
        layers = (facts.get(ask.image(item["Id"])) or {}).get("RootFS", {}).get("Layers") or ()
        for layer in layers:
            identity = str(layer).removeprefix("sha256:")[:SHORT]
            lines.append({"status": "Already exists", "progressDetail": {}, "id": identity})
    for digest in item.get("RepoDigests") or ():
        if repository_of(digest) == repository_of(reference):
            lines.append({"status": f"Digest: {digest.partition('@')[2]}"})
    end = "Image is up to date" if known else "Downloaded newer image"
    lines.append({"status": f"Status: {end} for {reference}"})
    body = b"".join(to_json(line) + b"\r\n" for line in lines)
    return Answer(200, body, (("Content-Type", "application/json"),), add=(reference,))


def remove_image(call: Call, owner: Owner, facts: Facts, name: str) -> Verdict:
    """Takes references off the lab's shelf, with Docker's words; the engine keeps its image."""
    facts.require(ask.SHELF, ask.IMAGES, ask.containers(owner))
    image = require_local(facts, name)
    by_id = bool(_ID.fullmatch(name)) and normalise(name) not in image.references
    leaving = image.references if by_id else (normalise(name),)
    if "@" in leaving[0]:
        leaving = image.references
    force = flag(call.query.get("force"))
    last = len(leaving) == len(image.references)
    _refuse_if_used(facts, image, leaving, by_id=by_id, force=force, last=last)
    report = [{"Untagged": reference} for reference in leaving]
    if last:
        report += [{"Untagged": digest} for digest in image_summary(image)["RepoDigests"]]
        if not _users(facts, image):
            others = [other for other in local_images(facts) if other.identity != image.identity]
            facts.require(*(ask.image(one.identity) for one in (image, *others)))
            kept = {identity for other in others for identity in _chain(facts, other)}
            gone = [identity for identity in reversed(_chain(facts, image)) if identity not in kept]
            report += [{"Deleted": identity} for identity in (image.identity, *gone)]
    return answer_json(report, remove=leaving)


def _users(facts: Facts, image: LocalImage) -> list[dict[str, Any]]:
    return [item for item in facts.containers() if item["ImageID"] == image.identity]


def _refuse_if_used(
    facts: Facts, image: LocalImage, leaving: tuple[str, ...], *, by_id: bool, force: bool, last: bool
) -> None:
    users = _users(facts, image)
    if not users or not last:
        return
    short = image.identity.removeprefix("sha256:")[:SHORT]
    container = users[0]["Id"][:SHORT]
    running = [item for item in users if item["State"] == "running"]
    if by_id and running:
        message = f"unable to delete {short} (cannot be forced) - image is being used by running container"
        raise Refused(409, "image-in-use", f"conflict: {message} {running[0]['Id'][:SHORT]}")
    if by_id and not force:
        message = f"unable to delete {short} (must be forced) - image is being used by stopped container {container}"
        raise Refused(409, "image-in-use", f"conflict: {message}")
    if not by_id and not force:
        shown = leaving[0].removesuffix(":latest")
        message = f'unable to remove repository reference "{shown}" (must force)'
        raise Refused(
            409, "image-in-use", f"conflict: {message} - container {container} is using its referenced image {short}"
        )


def _chain(facts: Facts, image: LocalImage) -> list[str]:
    """The chain ids of an image's layers, lowest first: what `docker image rm` says it deleted."""
    detail = facts.get(ask.image(image.identity)) or {}
    chain: list[str] = []
    for layer in detail.get("RootFS", {}).get("Layers") or ():
        joined = f"{chain[-1]} {layer}" if chain else ""
        chain.append(f"sha256:{hashlib.sha256(joined.encode()).hexdigest()}" if joined else str(layer))
    return chain


def written_name(item_labels: object) -> str | None:
    """The image's name as the learner wrote it at create."""
    return item_labels.get(IMAGE_LABEL) if isinstance(item_labels, dict) else None
