"""One list: bytes under a name, decoded at most once however many readers look at it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from quetsach.errors import IndicatorError
from quetsach.indicators.lists.comment import is_comment
from quetsach.indicators.lists.packed import TEXT, Package, package
from quetsach.indicators.lists.text import decode
from quetsach.text.json_limits import TooManyError, few

SNIFFED_LINES = 50
_NOTHING = object()
_LINE_END = re.compile(r"\r\n?")
MOST_GROUPS = 1_000_000
MOST_ITEMS = 4_000_000
"""Of a list in JSON: its lists and objects, and its values; the largest real ones have a third of that. Read
into memory, 98 KB of gzip that say `[],` over and over would fill 5 GB."""
MOST_LINES = 5_000_000
"""Of a text. So many that say nothing take half a gigabyte and some seconds."""
LONGEST_LINE = 1 << 20
"""Characters. Of a longer one every form in turn would look at 100 MB, and stop all threads meanwhile."""
_JSON_BEGIN = re.compile(r"\s*[\[{]")


def parsed(source: str, text: str) -> Any:
    """The JSON of a list or of one of its lines.

    Raises:
        IndicatorError: it needs more memory or time than allowed.
        ValueError, RecursionError: it is no JSON.
    """
    if _JSON_BEGIN.match(text):
        try:
            few(text, groups=MOST_GROUPS, items=MOST_ITEMS)
        except TooManyError as error:
            raise IndicatorError(
                f"{source}: cannot be opened within the limits of memory and time; unpack it, or split it"
            ) from error
    return json.loads(text)


class Listing:
    """`source` is its name for people; `columns` is a person's choice for tables; `now` decides what
    expired."""

    def __init__(
        self,
        source: str,
        data: bytes | str,
        columns: Mapping[str, str] | None = None,
        now: datetime | None = None,
    ) -> None:
        self.source, self.data, self.columns = source, data, columns
        self.now = now or datetime.now(UTC)

    @cached_property
    def package(self) -> Package:
        """Whether it is a workbook, and whether a scan wrote it; neither for text."""
        return TEXT if isinstance(self.data, str) else package(self.data)

    @cached_property
    def _decoded(self) -> tuple[str, str | None]:
        return (self.data, None) if isinstance(self.data, str) else decode(self.data)

    @property
    def text(self) -> str:
        """The text without its byte order mark."""
        return self._decoded[0]

    @property
    def guess(self) -> str | None:
        """The encoding, if it was guessed."""
        return self._decoded[1]

    @cached_property
    def even_text(self) -> str:
        """The text with one line feed at the end of each line."""
        return _LINE_END.sub("\n", self.text) if "\r" in self.text else self.text

    @cached_property
    def lines(self) -> list[str]:
        """The lines; to recognise a list, `first_lines` reads only a few of a million."""
        return self.even_text.split("\n")

    def check_lines(self) -> None:
        """Refuse a text that no reader of lines should take apart; whole JSON is read otherwise.

        Raises IndicatorError for more than MOST_LINES lines, or one longer than LONGEST_LINE.
        """
        if self.is_json:
            return
        if max(self.text.count("\n"), self.text.count("\r")) > MOST_LINES:
            raise IndicatorError(f"{self.source}: more than {MOST_LINES} lines; split the list")
        text, start = self.even_text, 0
        while len(text) - start > LONGEST_LINE:
            end = text.rfind("\n", start, start + LONGEST_LINE + 1)
            if end < 0:
                number = text.count("\n", 0, start) + 1
                raise IndicatorError(
                    f"{self.source}: line {number} is longer than {LONGEST_LINE} characters, as no list's is;"
                    " write one entry a line"
                )
            start = end + 1

    def first_lines(self) -> Iterator[str]:
        """The lines one by one, for a caller that stops soon."""
        if "lines" in self.__dict__:
            yield from self.lines
            return
        text, start = self.even_text, 0
        while (end := text.find("\n", start)) >= 0:
            yield text[start:end]
            start = end + 1
        yield text[start:]

    @cached_property
    def head(self) -> list[str]:
        """The first lines that are neither blank nor comments; readers recognise the list by these."""
        found = []
        for line in self.first_lines():
            if line.strip() and not is_comment(line):
                found.append(line)
                if len(found) == SNIFFED_LINES:
                    break
        return found

    @cached_property
    def comments(self) -> list[str]:
        """Comments among the first lines."""
        first = islice(self.first_lines(), 4 * SNIFFED_LINES)
        return [line for line in first if line.strip() and is_comment(line)]

    @cached_property
    def _json(self) -> object:
        text = self.text
        # Stripped only if the first character may start JSON: else a list of millions would be copied for
        # nothing.
        if not _JSON_BEGIN.match(text):
            return _NOTHING
        text = text.strip()
        if text[0] + text[-1] not in ("{}", "[]"):
            return _NOTHING
        try:
            return parsed(self.source, text)
        except (ValueError, RecursionError):
            return _NOTHING

    @property
    def is_json(self) -> bool:
        """Whether the whole text is one JSON object or array."""
        return self._json is not _NOTHING

    @property
    def json(self) -> Any:
        """The JSON document, None if the text is no JSON."""
        return self._json if self.is_json else None

    def most(self, pattern: re.Pattern[str]) -> bool:
        """Whether more than half of the head's lines match from their beginning."""
        return 2 * sum(pattern.match(line) is not None for line in self.head) > max(len(self.head), 1)
