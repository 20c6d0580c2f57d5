"""Inline mode: `@bot` in any chat offers cards with the links of one's own running pages."""

from __future__ import annotations

import logging

from telegram import (
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    MessageEntity,
    Update,
    User,
)
from telegram.error import TelegramError

from bot.chat.kit import Kit
from bot.chat.texts import Words
from bot.chat.updates import language_of
from bot.identity import Scope
from bot.pages.page import Page

log = logging.getLogger(__name__)

START_WITH = "demo"
"""What the private chat is opened with when there is no page to share."""
MOST_CARDS = 50
"""Bot API, answerInlineQuery; with more it refuses all of them."""


class InlineDesk:
    """The cards are for the person alone and never cached: a page ends, and another person has others."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def answer(self, update: Update) -> None:
        """Every query is answered, with nothing if there is nothing."""
        query = update.inline_query
        if query is None:
            return
        words = await self._words(query.from_user)
        cards = [self._card(words, page) for page in (await self._pages(query))[:MOST_CARDS]]
        hint = None if cards else InlineQueryResultsButton(words("inline.none"), start_parameter=START_WITH)
        try:
            await query.answer(cards, cache_time=0, is_personal=True, button=hint)
        except TelegramError as error:
            log.debug("an inline query was not answered: %s", type(error).__name__)

    async def _words(self, person: User) -> Words:
        """In the language of the person's own chat."""
        state = await self._kit.store.scopes.change(Scope(person.id), lambda state: state)
        return self._kit.texts[state.language or language_of(person)]

    async def _pages(self, query: InlineQuery) -> tuple[Page, ...]:
        """The pages of the person's own lab whose container's name has the words that were typed; all when none has."""
        record = await self._kit.keeper.record(Scope(query.from_user.id))
        pages = self._kit.pages.of_lab(record.lab_id) if record else ()
        return tuple(page for page in pages if query.query.strip().lower() in page.container_name.lower()) or pages

    def _card(self, words: Words, page: Page) -> InlineQueryResultArticle:
        url = self._kit.pages.url(page)
        title = words("inline.title", name=page.container_name, host=page.host_port)
        said = words.coded("inline.card", {"name": page.container_name}, url=url)
        marks = [MessageEntity(one.kind, one.offset, one.length) for one in said.entities]
        text = InputTextMessageContent(said.text, entities=marks)
        return InlineQueryResultArticle(page.token, title, text, description=url)
