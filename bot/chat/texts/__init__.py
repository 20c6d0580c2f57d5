"""What the bot says, in every language: one TOML file for each, with the same keys and placeholders."""

from bot.chat.texts.texts import Words, read_texts

__all__ = ["Words", "read_texts"]
