"""JSON from strangers, parsed only where its values fit into memory.

A byte of JSON may become thirty bytes of Python objects: sixty million bytes of `[],` fill 1.4 GB. So the
values are counted before they are parsed.
"""

from __future__ import annotations


class TooManyError(ValueError):
    """The text holds more values than allowed."""


def few[Text: (str, bytes)](text: Text, *, groups: int, items: int) -> Text:
    """The text unchanged, for `json.loads`, after its values were counted.

    Args:
        groups: the maximum of lists and objects. Brackets within texts count as well.
        items: the maximum of commas, also within texts: every value but the first of its group has one before
        it.

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
