"""The return value of a marked function, packed as JSON and bytes, and unpacked into its declared types.

The unpacking side trusts nothing: each value must be of its declared type, or AnswerError is raised. Never
pickle: an attacker who controls the reader would run code in the process that asked.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import struct
import types
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

from quetsach.text.json_limits import TooManyError, few

MOST_ITEMS = 8_000_000
MOST_GROUPS = 4_000_000
"""The maximum of values, and of lists and objects, in an answer. Sixty million bytes of `[],` fill 1.4 GB."""
_LENGTH = struct.Struct(">Q")
_SIMPLE = (str, int, float, bool, type(None))

type Take = Callable[[Any, "Blobs"], Any]


class AnswerError(ValueError):
    """An answer does not have its declared type."""


class Blobs:
    """The bytes that lie behind the JSON, in the order in which it names their lengths."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._at = data, 0

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        end = self._at + length
        if length < 0 or end > len(self._data):
            raise AnswerError("bytes are missing")
        found = bytes(self._data[self._at : end])
        self._at = end
        return found


def pack(value: Any) -> list[bytes]:
    """A value as the parts that `unpack` reads."""
    blobs: list[bytes] = []
    text = json.dumps(_plain(value, blobs), ensure_ascii=False, separators=(",", ":"))
    head = text.encode("utf-8", "surrogatepass")
    return [_LENGTH.pack(len(head)), head, *blobs]


def unpack(data: bytes, declared: Any) -> Any:
    """The value, of the declared type. Raises AnswerError for anything else."""
    if len(data) < _LENGTH.size:
        raise AnswerError("cut off")
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    if end > len(data):
        raise AnswerError("cut off")
    head = data[_LENGTH.size : end]
    try:
        few(head, groups=MOST_GROUPS, items=MOST_ITEMS)
    except TooManyError as error:
        raise AnswerError("too many values") from error
    try:
        document = json.loads(head.decode("utf-8", "surrogatepass"))
        return _taker(declared)(document, Blobs(memoryview(data)[end:]))
    except AnswerError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise AnswerError(str(error)) from error


def _plain(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value, blobs)
    if isinstance(value, _SIMPLE):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        blobs.append(bytes(value))
        return len(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return [_plain(getattr(value, field.name), blobs) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return [[_plain(key, blobs), _plain(one, blobs)] for key, one in value.items()]
    if isinstance(value, Iterable):
        return [_plain(one, blobs) for one in value]
    raise TypeError(f"{type(value).__name__} cannot be told to another process")


@cache
def _taker(declared: Any) -> Take:
    """The function that unpacks values of a type."""
    if isinstance(declared, TypeAliasType):
        return _taker(declared.__value__)
    origin, parts = get_origin(declared), get_args(declared)
    if isinstance(origin, TypeAliasType):
        raise TypeError(f"{declared}: aliases with parameters are not read")
    if declared in (None, *_SIMPLE):  # a bool is no int here
        return _simple(type(None) if declared is None else declared)
    if declared is bytes:
        return lambda told, blobs: blobs.take(_checked(told, int))
    if declared in (datetime, date):
        return lambda told, _blobs: declared.fromisoformat(_checked(told, str))
    if origin in (Union, types.UnionType):
        return _either([_taker(part) for part in parts])
    if origin is Literal:
        return lambda told, _blobs: _one_of(told, parts)
    if origin is tuple and parts[-1:] != (Ellipsis,):
        return _fixed(tuple, [_taker(part) for part in parts])
    if origin in (list, tuple, set, frozenset, Sequence, Collection, Iterable):
        return _many(list if origin is list else tuple, _taker(parts[0]))
    if declared is Counter or origin in (dict, Mapping, Counter):
        key, one = (str, int) if origin in (None, Counter) else parts
        return _mapping(Counter if origin in (None, Counter) else dict, _taker(key), _taker(one))
    if isinstance(declared, type) and issubclass(declared, enum.Enum):
        return lambda told, _blobs: declared(told)
    if dataclasses.is_dataclass(declared) or hasattr(declared, "_fields"):
        hints = get_type_hints(declared)
        names = (
            [field.name for field in dataclasses.fields(declared)]
            if dataclasses.is_dataclass(declared)
            else declared._fields
        )
        return _fixed(lambda given: declared(*given), [_taker(hints[name]) for name in names])
    raise TypeError(f"{declared} cannot be told to another process")


def _checked[T](told: Any, kind: type[T]) -> T:
    if type(told) is not kind:
        raise AnswerError(f"{kind.__name__} expected")
    return told


def _simple(kind: Any) -> Take:
    if kind is float:
        return lambda told, _blobs: float(told) if type(told) in (int, float) else _checked(told, float)

    def take(told: Any, _blobs: Blobs) -> Any:
        if type(told) is not kind:
            raise AnswerError(f"{kind.__name__} expected")
        return told

    return take


def _either(takers: list[Take]) -> Take:
    def take(told: Any, blobs: Blobs) -> Any:
        for one in takers:
            try:
                return one(told, blobs)
            except (AnswerError, ValueError, TypeError):
                continue
        raise AnswerError("none of the declared types")

    return take


def _one_of(told: Any, known: tuple[Any, ...]) -> Any:
    if told not in known:
        raise AnswerError("none of the declared values")
    return told


def _fixed(make: Callable[[Iterable[Any]], Any], takers: list[Take]) -> Take:
    def take(told: Any, blobs: Blobs) -> Any:
        if type(told) is not list or len(told) != len(takers):
            raise AnswerError(f"{len(takers)} values expected")
        return make([one(value, blobs) for one, value in zip(takers, told, strict=True)])

    return take


def _many(make: Callable[[Iterable[Any]], Any], one: Take) -> Take:
    def take(told: Any, blobs: Blobs) -> Any:
        return make([one(value, blobs) for value in _checked(told, list)])

    return take


def _mapping(make: Callable[[Any], Any], key: Take, one: Take) -> Take:
    pair = _fixed(tuple, [key, one])

    def take(told: Any, blobs: Blobs) -> Any:
        return make(dict(pair(value, blobs) for value in _checked(told, list)))

    return take
