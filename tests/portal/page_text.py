"""What a page says, as a person reads it."""

from __future__ import annotations

import re
from html import unescape


def text_of(answer) -> str:
    """The words of an answer without its marks, one space between."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))
