"""All desks of the conversation, so that what brings updates to them names one thing."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.admin_desk import AdminDesk
from bot.chat.containers_desk import ContainersDesk
from bot.chat.driving import DriverDesk, Drivers
from bot.chat.forget_desk import ForgetDesk
from bot.chat.life_desk import LifeDesk
from bot.chat.pages_desk import PagesDesk
from bot.chat.performer import Performer
from bot.chat.study_desk import StudyDesk
from bot.chat.terminal_desk import TerminalDesk
from bot.chat.tours import Tours
from bot.chat.waiting_desk import WaitingDesk


@dataclass(frozen=True, slots=True)
class Desks:
    """Each looks after one kind of button and command; the performer does what the dialogue decides."""

    performer: Performer
    terminal: TerminalDesk
    containers: ContainersDesk
    pages: PagesDesk
    drivers: Drivers
    driver: DriverDesk
    study: StudyDesk
    tours: Tours
    life: LifeDesk
    waiting: WaitingDesk
    forget: ForgetDesk
    admin: AdminDesk
