"""The text of a page as a person reads it."""

from __future__ import annotations

import re
from html import unescape


def text_of(answer) -> str:
    """The words of an answer without its markup, one space between."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))
