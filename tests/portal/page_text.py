"""The text of a page as a person reads it."""

from __future__ import annotations

import re
from html import unescape


def markup_of(answer) -> str:
    """The markup of an answer without that of figures, which stand inside sentences."""
    return re.sub(r"</?data[^>]*>", "", answer.content.decode())


def text_of(answer) -> str:
    """The words of an answer without its markup, one space between."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup_of(answer))))
