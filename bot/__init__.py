"""Dosirak: a Telegram bot that teaches Docker in a chat, on a real Docker host."""
