"""How the Bot API says no: an HTTP status and Telegram's own sentence."""

from __future__ import annotations

from bot.errors import DosirakError

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"

PREFIXES = {400: "Bad Request: ", 403: "Forbidden: ", 409: "Conflict: "}


class Refused(DosirakError):
    """A call that the server does not carry out; `description` is what the caller reads."""

    def __init__(
        self, words: str, status: int = 400, retry_after: int | None = None, moved_to: int | None = None
    ) -> None:
        self.status = status
        self.moved_to = moved_to
        self.description = PREFIXES.get(status, "") + words
        self.retry_after = retry_after
        super().__init__(self.description)

    def answer(self) -> dict[str, object]:
        """The body of the answer, in the Bot API's shape."""
        body: dict[str, object] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        if self.moved_to is not None:
            body["parameters"] = {"migrate_to_chat_id": self.moved_to}
        return body


def too_many(seconds: int) -> Refused:
    """429 with the seconds to wait, in words and as a parameter."""
    return Refused(f"Too Many Requests: retry after {seconds}", 429, seconds)
