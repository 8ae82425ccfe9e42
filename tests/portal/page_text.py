"""The text of a page as a person reads it."""

from __future__ import annotations

import re
from html import unescape


def text_of(answer) -> str:
    """The words of an answer without its markup, one space between."""
    page = re.sub(r"</?data[^>]*>", "", answer.content.decode())  # figures stand inside sentences
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))
