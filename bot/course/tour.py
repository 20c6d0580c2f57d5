"""A chapter's `demo.yaml`: a short tour that plays by itself."""

from __future__ import annotations

from pathlib import Path

from bot.course.faults import Faults
from bot.course.fields import Fields
from bot.course.model import Scene
from bot.identity import Language

TOUR_FILE = "demo.yaml"
MAX_SAID = 400
"""Read while a command runs."""
MAX_COMMAND = 200
MAX_PAUSE = 15
MAX_PAUSES = 35
"""Seconds of all pauses together: with its commands a tour stays under a minute."""
_LANGUAGES = tuple(language.value for language in Language)


def read_tour(home: Path, faults: Faults) -> tuple[Scene, ...]:
    """The scenes in order, none when the chapter has no tour. The last one cleans up, also after a stop."""
    path = home / TOUR_FILE
    if not path.is_file():
        return ()
    fields = Fields.parse(faults.read(path) or "", path, 1, faults, ("scenes",))
    scenes = tuple(_scene(each) for each in fields.sections("scenes", (*_LANGUAGES, "run", "pause")))
    if sum(scene.pause for scene in scenes) > MAX_PAUSES:
        fields.fault("scenes", f"the pauses are longer than {MAX_PAUSES} seconds together")
    if not scenes or scenes[-1].command is None:
        fields.fault("scenes", "the last scene cleans up what the tour has made: it needs a 'run'")
    return scenes


def _scene(fields: Fields) -> Scene:
    texts = {language: fields.text(language.value, limit=MAX_SAID) for language in Language}
    command = fields.text("run", limit=MAX_COMMAND, required=False) or None
    pause = fields.number("pause") if "pause" in fields else 1
    if pause > MAX_PAUSE:
        fields.fault("pause", f"a pause has at most {MAX_PAUSE} seconds")
    return Scene(texts, command, pause)
