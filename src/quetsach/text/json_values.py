"""Reads and writes very many small JSON values.

`json.loads` and `JSONEncoder.encode` prepare themselves anew for each value: that takes as long as the value
itself. Here it is done once.
"""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable
from typing import Any

_decode = json.JSONDecoder().raw_decode


def parsed(text: str) -> Any:
    """The value of a text, as `json.loads` reads it.

    Raises:
        ValueError: the text is no JSON, or something follows the value.
    """
    text = text.strip(" \t\r\n")
    value, end = _decode(text)
    if end != len(text):
        raise ValueError("something follows the value")
    return value


def writer(
    *, ensure_ascii: bool = True, sort_keys: bool = False, separators: tuple[str, str] = (", ", ": ")
) -> Callable[[Any], str]:
    """A function that writes a value as `json.dumps` does with these options; `separators` stand behind an
    item and behind a key. A value that holds itself is a RecursionError."""
    known = json.JSONEncoder(ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=separators)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without the part that is written in C
        return known.encode
    quote = json.encoder.encode_basestring_ascii if ensure_ascii else json.encoder.encode_basestring
    item, key = separators
    write = make(None, known.default, quote, None, key, item, sort_keys, False, True)
    return lambda value: "".join(write(value, 0))
