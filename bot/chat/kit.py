"""What every part of the conversation works with, put together once by `ChatBot`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.forgetting import Forgetting
from bot.chat.keeper import Keeper
from bot.chat.lesson import Lesson
from bot.chat.pictures import Pictures
from bot.chat.sender import Sender
from bot.chat.texts import Words
from bot.chat.unfinished import Notebook
from bot.chat.valve import Valve
from bot.course import Course
from bot.identity import Language
from bot.pages import Pages
from bot.pages.preview import Previews
from bot.store import Store
from bot.tasks import TaskShelf


@dataclass(frozen=True, slots=True)
class Kit:
    """Shared by all conversations."""

    course: Course
    texts: Mapping[Language, Words]
    lessons: Mapping[Language, Lesson]
    store: Store
    keeper: Keeper
    pages: Pages
    sender: Sender
    tasks: TaskShelf
    clock: Callable[[], datetime]
    notebook: Notebook
    forgetting: Forgetting = field(default_factory=Forgetting)
    valve: Valve = field(default_factory=Valve)
    pictures: Pictures = field(default_factory=Pictures)
    previews: Previews | None = None
    """Takes pictures of pages, where the operator wants that."""
