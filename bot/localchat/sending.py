"""Bot API methods that send: text, pictures, documents, polls, and the signs that something is coming."""

from __future__ import annotations

import secrets
from typing import Any

from bot.localchat import shapes
from bot.localchat.call import Call
from bot.localchat.conversation import Acting, Drafted
from bot.localchat.desk import Desk, body_text, caption_text, chat_of, topic_of
from bot.localchat.keyboards import read_markup
from bot.localchat.limits import CAPTION_UNITS, DOCUMENT_BYTES, PHOTO_BYTES
from bot.localchat.refusals import Refused
from bot.localchat.values import Chat, File, Media, Message, Poll
from bot.richtext import RichText, units

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
"""Width and height together, and their ratio (Bot API, sendPhoto)."""


def send_message(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    return _send(desk, call, chat, body_text(call))


def send_photo(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    media = Media("photo", photo_file(desk, call, call.text("photo", "photo")))
    return _send(desk, call, chat, caption_text(call, CAPTION_UNITS), media=media)


def send_document(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    media = Media("document", document_file(desk, call, call.text("document", "document")))
    return _send(desk, call, chat, caption_text(call, CAPTION_UNITS), media=media)


def photo_file(desk: Desk, call: Call, reference: str) -> File:
    """The picture that a call sends; raises Refused as Telegram does for what is no picture or too large."""
    file = _file(desk, call, reference, "photo")
    if file.size > PHOTO_BYTES:
        raise Refused(f"file of size {file.size} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes")
    if not file.width or not file.height:
        raise Refused("IMAGE_PROCESS_FAILED")
    sides = sorted((file.width, file.height))
    if sum(sides) > PHOTO_SIDES or sides[1] > PHOTO_RATIO * sides[0]:
        raise Refused("PHOTO_INVALID_DIMENSIONS")
    return file


def document_file(desk: Desk, call: Call, reference: str) -> File:
    file = _file(desk, call, reference, "document")
    if file.size > DOCUMENT_BYTES:
        raise Refused("Request Entity Too Large", 413)
    return file


def _file(desk: Desk, call: Call, reference: str, kind: str) -> File:
    file = call.upload(reference) or desk.conversation.file(reference)
    if file is None and (reference == kind or reference.startswith("attach://")):
        raise Refused(f"there is no {kind} in the request")
    if file is None:
        raise Refused("wrong remote file identifier specified: Wrong string length")
    if not file.size:
        raise Refused("file must be non-empty")
    return file


def send_poll(desk: Desk, call: Call) -> Any:
    chat = chat_of(desk, call)
    poll = _read_poll(call)
    desk.conversation.polls[poll.id] = poll
    return _send(desk, call, chat, RichText(), poll_id=poll.id)


def _read_poll(call: Call) -> Poll:
    question = call.text("question").strip()
    options = tuple(_option_text(option) for option in call.value("options") or [])
    if not 1 <= units(question) <= 300:
        raise Refused("poll question must be non-empty" if not question else "poll question length must not exceed 300")
    if not 1 <= len(options) <= 12:
        raise Refused("poll must have at least 1 option" if not options else "poll can't have more than 12 options")
    if any(not 1 <= units(option) <= 100 for option in options):
        raise Refused("poll options length must not exceed 100")
    quiz = call.text("type") == "quiz"
    correct = call.value("correct_option_ids") or [
        number for number in (call.number("correct_option_id"),) if number is not None
    ]
    if quiz and not (correct and all(0 <= int(index) < len(options) for index in correct)):
        raise Refused("wrong correct option ID specified")
    explanation = call.text("explanation")
    if units(explanation) > 200 or explanation.count("\n") > 2:
        raise Refused("explanation is too long")
    anonymous = "is_anonymous" not in call or call.flag("is_anonymous")
    return Poll(
        id=str(secrets.randbits(62)),
        question=question,
        options=options,
        quiz=quiz,
        correct=tuple(int(index) for index in correct),
        explanation=explanation,
        anonymous=anonymous,
        multiple=call.flag("allows_multiple_answers"),
    )


def _option_text(option: Any) -> str:
    return str(option.get("text", "") if isinstance(option, dict) else option).strip()


def _send(
    desk: Desk, call: Call, chat: Chat, body: RichText, *, media: Media | None = None, poll_id: str | None = None
) -> Any:
    keyboard, force_reply = read_markup(call.value("reply_markup"))
    draft = Message(
        chat_id=chat.id,
        id=0,
        sender_id=desk.conversation.bot.id,
        date=desk.now,
        text=body.text,
        entities=body.entities,
        media=media,
        poll_id=poll_id,
        keyboard=keyboard,
        force_reply=force_reply,
        topic_id=topic_of(chat, call),
        reply_to=_answered(desk, chat, call),
    )
    desk.flood.spend(chat.id, desk.clock())
    return shapes.message(desk.conversation.post(draft), desk.conversation)


def _answered(desk: Desk, chat: Chat, call: Call) -> int | None:
    parameters = call.value("reply_parameters") or {}
    wanted = parameters.get("message_id") or call.number("reply_to_message_id")
    if not wanted or desk.conversation.message(chat.id, int(wanted)) is not None:
        return int(wanted) if wanted else None
    if parameters.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return None
    raise Refused("message to be replied not found")


def send_chat_action(desk: Desk, call: Call) -> bool:
    chat = chat_of(desk, call)
    action = call.text("action")
    if action not in ACTIONS:
        raise Refused("wrong parameter action in request")
    desk.conversation.tell(Acting(chat.id, topic_of(chat, call), action))
    return True


def send_message_draft(desk: Desk, call: Call) -> bool:
    """A text still being written; private chats only, gone when the message comes."""
    chat = chat_of(desk, call)
    if chat.kind != "private":
        raise Refused("PEER_ID_INVALID")
    draft_id = call.number("draft_id")
    if not draft_id:
        raise Refused("draft_id must be non-zero")
    text = body_text(call).text if call.text("text") else ""
    desk.conversation.tell(Drafted(chat.id, draft_id, text))
    return True
