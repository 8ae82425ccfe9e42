"""JSON of strangers, parsed only where what becomes of it fits into memory.

A byte of JSON may become thirty bytes of Python objects: sixty million bytes of `[],` fill 1.4 GB. So the
values are counted before they are made.
"""

from __future__ import annotations


class TooManyError(ValueError):
    """The text holds more values than were allowed."""


def few[Text: (str, bytes)](text: Text, *, groups: int, items: int) -> Text:
    """The same text, for `json.loads`.

    Args:
        groups: the most lists and objects. Brackets within texts are counted as well.
        items: the most commas, also within texts: each value but the first of its group has one before it.

    Raises:
        TooManyError: it holds more.
    """
    if isinstance(text, str):
        found, commas = text.count("[") + text.count("{"), text.count(",")
    else:
        found, commas = text.count(b"[") + text.count(b"{"), text.count(b",")
    if found > groups or commas > items:
        raise TooManyError("too many values")
    return text
