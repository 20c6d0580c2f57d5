"""How fast the bot may be in a chat: what Telegram allows, and what a test does with a server that allows more."""

from __future__ import annotations

from dataclasses import dataclass

from bot.identity import Scope
from bot.terminal.budget import GROUP_ALLOWANCE, PRIVATE_ALLOWANCE, Allowance
from bot.terminal.pacing import GROUP_TEMPO, PRIVATE_TEMPO, Tempo


@dataclass(frozen=True, slots=True)
class Pace:
    """Budgets for all messages of a chat, and tempos for redrawing one."""

    private: Allowance = PRIVATE_ALLOWANCE
    group: Allowance = GROUP_ALLOWANCE
    private_tempo: Tempo = PRIVATE_TEMPO
    group_tempo: Tempo = GROUP_TEMPO

    def allowance(self, scope: Scope) -> Allowance:
        return self.private if scope.is_private else self.group

    def tempo(self, scope: Scope) -> Tempo:
        return self.private_tempo if scope.is_private else self.group_tempo


TELEGRAM_PACE = Pace()
