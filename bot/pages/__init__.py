"""Temporary web addresses for what a lab's containers publish, and the reverse proxy behind them.

`Pages` is the whole of it for others; `serving` says how to put it into a web server.
"""

from bot.pages.page import Page, PageRecord, PageRecords, Upstreams
from bot.pages.pages import Pages

__all__ = ["Page", "PageRecord", "PageRecords", "Pages", "Upstreams"]
