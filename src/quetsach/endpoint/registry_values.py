"""The values of one registry key, with the values that could not be read.

A value that could not be read must neither hide the other values of its key nor look like an empty value. It
becomes a gap as soon as somebody asks for it; damage in a value that nobody asks for is no gap.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from quetsach.endpoint.fact import Unavailable

_MOST_TOLD = 10
"""Values of one key that are named one by one; more of them are told as the key."""
_lack: ContextVar[Callable[[str, str], None] | None] = ContextVar("lack", default=None)


@contextmanager
def gaps_go_to(lack: Callable[[str, str], None]) -> Iterator[None]:
    """In this block `lack` gets the reason and the place of each value that is asked for and could not be
    read. Outside of such a block the question raises Unavailable."""
    token = _lack.set(lack)
    try:
        yield
    finally:
        _lack.reset(token)


def tell(reason: str, place: str) -> None:
    """Tell that a value, or the rest of a key, could not be read; see `gaps_go_to`."""
    lack = _lack.get()
    if lack is None:
        raise Unavailable(reason, place)
    lack(reason, place)


class _Value(NamedTuple):
    name: str
    text: str
    reason: str


class Values(Mapping[str, str]):
    """Name → data as text, in the form of `machine.Registry`. As in Windows, names have no case, and of two
    values of one name the first counts; `items` and `values` give both."""

    def __init__(self, key: str, told: Iterable[tuple[str, str]] = ()) -> None:
        self._key = key
        self._all: list[_Value] = []
        self._first: dict[str, _Value] = {}
        self._rest = ""
        for name, text in told:
            self.add(name, text)

    def add(self, name: str, text: str, reason: str = "") -> None:
        """Add a value. With a reason of `fact.REASONS`, the text is only a part of its data, or nothing."""
        value = _Value(name, text, reason)
        self._first.setdefault(name.casefold(), value)
        self._all.append(value)

    def end(self, reason: str) -> None:
        """Note that the values behind the last one could not be read."""
        self._rest = reason

    def _tell(self, value: _Value) -> None:
        if value.reason:
            tell(value.reason, f"{self._key}\\{value.name}" if value.name else self._key)

    def _tell_all(self) -> None:
        unread = [value for value in self._all if value.reason]
        for value in unread[:_MOST_TOLD]:
            self._tell(value)
        if len(unread) > _MOST_TOLD:
            tell(unread[_MOST_TOLD].reason, self._key)
        self._tell_rest()

    def _tell_rest(self) -> None:
        if self._rest:
            tell(self._rest, self._key)

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        value = self._first[name.casefold()]
        self._tell(value)
        return value.text

    def __contains__(self, name: object) -> bool:
        is_here = isinstance(name, str) and name.casefold() in self._first
        if not is_here:
            self._tell_rest()
        return is_here

    def __iter__(self) -> Iterator[str]:
        yield from (value.name for value in self._all)
        self._tell_rest()

    def __len__(self) -> int:
        return len(self._all)

    def items(self) -> ItemsView[str, str]:
        return _Items(self)

    def values(self) -> ValuesView[str]:
        return _Texts(self)


class _Items(ItemsView[str, str]):
    _mapping: Values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from ((value.name, value.text) for value in self._mapping._all)
        self._mapping._tell_all()


class _Texts(ValuesView[str]):
    _mapping: Values

    def __iter__(self) -> Iterator[str]:
        yield from (value.text for value in self._mapping._all)
        self._mapping._tell_all()
