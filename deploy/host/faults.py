"""What stops a start: one sentence that says what is wrong and what to do about it."""

from __future__ import annotations


class HostFault(Exception):
    """This machine cannot do what was asked; the text is for a person."""
