"""Comments in lists of one value a line."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"\s*(?:[#;!]|//|\[(?![0-9A-Fa-f:.]+\]))")
_INLINE = re.compile(r"\s#.*\Z", re.DOTALL)


def is_comment(line: str) -> bool:
    """Whether a line starts with `#`, `;`, `!`, `//` or `[`, and is no IPv6 address in brackets."""
    return _COMMENT.match(line) is not None


def without_comment(line: str) -> str:
    """The line up to a `#` after white space; a bare `#` is the fragment of a URL."""
    return _INLINE.sub("", line).strip()
