"""Who may drive a group's terminal, and who may reset or extend its lab."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.identity import Scope
from bot.store.database import Database
from bot.store.scopes import key


class Who(StrEnum):
    """Whose commands and moves count."""

    EVERYONE = "everyone"
    ADMINS = "admins"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Driving:
    """What the group's admins have chosen; the defaults hold until they choose."""

    who: Who = Who.EVERYONE
    user_id: int = 0
    user_name: str = ""
    life_by_admins: bool = False
    """Only admins reset, extend and close the lab."""


class DrivingRules:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, scope: Scope) -> Driving:
        rows = await self._database.rows(
            "SELECT who, user_id, user_name, life_by_admins FROM driving WHERE chat_id = ? AND topic_id = ?", key(scope)
        )
        if not rows:
            return Driving()
        who, user_id, user_name, by_admins = rows[0]
        return Driving(Who(who), user_id, user_name, bool(by_admins))

    async def put(self, scope: Scope, driving: Driving) -> None:
        await self._database.rows(
            "INSERT OR REPLACE INTO driving (chat_id, topic_id, who, user_id, user_name, life_by_admins) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (*key(scope), driving.who, driving.user_id, driving.user_name, int(driving.life_by_admins)),
        )
