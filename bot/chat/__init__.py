"""The conversation: Telegram's updates in, Bot API calls out. The only package that knows Telegram."""
