"""Time as people say it: 1.2초, 3분, 방금; never raw seconds above 60."""

from __future__ import annotations

from datetime import datetime

from bot.chat.texts import Words

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def took(words: Words, seconds: float) -> str:
    """How long a command ran: tenths below ten seconds, since that is where they are felt; none took no time at all."""
    if seconds < 9.95:
        return words("time.seconds", n=f"{max(seconds, 0.1):.1f}")
    if round(seconds) < _MINUTE:
        return words("time.seconds", n=round(seconds))
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes >= 60:
        return span(words, seconds)
    return words("time.minutes_seconds", minutes=minutes, seconds=rest) if rest else words("time.minutes", n=minutes)


def span(words: Words, seconds: float) -> str:
    """A length of time in its largest unit; less than a minute is one minute."""
    if seconds < _HOUR:
        return words("time.minutes", n=max(1, round(seconds / _MINUTE)))
    if seconds < _DAY:
        return words("time.hours", n=round(seconds / _HOUR))
    return words("time.days", n=round(seconds / _DAY))


def age(words: Words, since: datetime, now: datetime) -> str:
    """How long ago, as a card shows it."""
    seconds = (now - since).total_seconds()
    if seconds < _MINUTE:
        return words("time.now")
    if seconds < _HOUR:
        return words("time.minutes", n=int(seconds // _MINUTE))
    if seconds < _DAY:
        return words("time.hours", n=int(seconds // _HOUR))
    return words("time.days", n=int(seconds // _DAY))


def clock(moment: datetime) -> str:
    """The time of day on the host's clock."""
    return moment.astimezone().strftime("%H:%M")
