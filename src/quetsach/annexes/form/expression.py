"""Conditions of rules: as trees, and in the spelling of people: `r3 > r1 và children = 0`.

A tree is a number, the name of a fact, or a list [operator, operand…]. The logic is three-valued: a
comparison with an unknown value is unknown.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from math import prod
from typing import Any

from quetsach.annexes.form.entry import unprintable
from quetsach.errors import QuetsachError

type Fact = float | str | None
type Facts = Mapping[str, Fact]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[list[Any]], Any]] = {
    "add": sum,
    "mul": prod,
    "sub": lambda values: values[0] - sum(values[1:]),
}
_TEXT: dict[str, Callable[[str], int]] = {"length": len, "controls": unprintable}

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "=", "ne": "<>"}
_BY_SIGN = {sign: name for name, sign in _SIGNS.items()} | {"≥": "ge", "≤": "le", "≠": "ne"}
_WORDS = {"và": "and", "hoặc": "or", "không": "not", "trống": "blank"}
_CALLS = {"blank", "not", *_TEXT}
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([^\W\d]\w*)|(>=|<=|<>|[><=≥≤≠+*×()-]))")
_KINDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_COMPARE, ("number", "truth")),
    **dict.fromkeys(_ARITHMETIC, ("number", "number")),
    **dict.fromkeys(_TEXT, ("text", "number")),
    **dict.fromkeys(("and", "or", "not"), ("truth", "truth")),
    "blank": ("number", "truth"),
}
"""The kinds of an operator's operands, and the kind of its result."""
_RANKS = {"or": 1, "and": 2, **dict.fromkeys(_SIGNS, 4), "add": 5, "sub": 5, "mul": 6}


class ExpressionError(QuetsachError):
    """A condition cannot be read; `near` is the text where reading stopped."""

    def __init__(self, near: str) -> None:
        super().__init__(near)
        self.near = near


def evaluate(expression: Any, facts: Facts) -> Any:
    """The value of an expression, None when it is unknown. Raises KeyError for an unknown name."""
    if isinstance(expression, str):
        return facts[expression]
    if not isinstance(expression, list):
        return expression
    name, *operands = expression
    values = [evaluate(operand, facts) for operand in operands]
    match name:
        case "blank":
            return values[0] is None
        case "not":
            return None if values[0] is None else not values[0]
        case "and":
            return False if False in values else None if None in values else True
        case "or":
            return True if True in values else None if None in values else False
    if None in values:
        return None
    if name in _COMPARE:
        return _COMPARE[name](*values)
    if name in _TEXT:
        return _TEXT[name](values[0])
    return _ARITHMETIC[name](values)


def names_in(expression: Any) -> Iterator[str]:
    """The facts in an expression."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, list):
        for operand in expression[1:]:
            yield from names_in(operand)


def kind_of(expression: Any, texts: Collection[str]) -> str:
    """Whether it is a `number`, a `text` or a `truth`; `texts` are the facts that are texts.

    Raises ExpressionError where an operator does not fit its operands, such as a number beside a text.
    """
    if isinstance(expression, str):
        return "text" if expression in texts else "number"
    if not isinstance(expression, list):
        return "number"
    name, *operands = expression
    wanted, result = _KINDS[name]
    for operand in operands:
        if kind_of(operand, texts) != wanted:
            raise ExpressionError(write_expression(expression)[:60])
    return result


def write_expression(expression: Any, rank: int = 0) -> str:
    """The tree in people's spelling; `read_expression` gives the same tree back."""
    if not isinstance(expression, list):
        return f"{expression:g}" if isinstance(expression, float) else str(expression)
    name, *operands = expression
    if name in _CALLS:
        return f"{name}({write_expression(operands[0])})"
    mine = _RANKS[name]
    joint = {"add": "+", "sub": "-", "mul": "*", **_SIGNS}.get(name, name)
    text = f" {joint} ".join(write_expression(operand, mine + 1) for operand in operands)
    return f"({text})" if mine < rank else text


def read_expression(text: str) -> Any:
    """The tree of a condition. Raises ExpressionError."""
    reader = _Reader(text)
    tree = reader.either()
    if reader.word:
        raise ExpressionError(reader.word)
    return tree


class _Reader:
    """A recursive-descent parser of one condition; at most 2,000 characters and 50 levels."""

    def __init__(self, text: str) -> None:
        self.words, self.depth = self._split(text[:2001]), 0
        if len(text) > 2000:
            raise ExpressionError(text[:20])
        self.word = next(self.words, "")

    @staticmethod
    def _split(text: str) -> Iterator[str]:
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ExpressionError(text[at : at + 20].strip())
            token = found.group().strip()
            yield _WORDS.get(token.lower(), token)
            at = found.end()

    def take(self) -> str:
        token, self.word = self.word, next(self.words, "")
        return token

    def either(self) -> Any:
        return self._chain("or", lambda: self._chain("and", self._compare, "and"), "or")

    def _chain(self, name: str, part: Callable[[], Any], *signs: str) -> Any:
        parts = [part()]
        while self.word in signs:
            self.take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else [name, *parts]

    def _compare(self) -> Any:
        left = self._sum()
        if self.word in _BY_SIGN:
            return [_BY_SIGN[self.take()], left, self._sum()]
        return left

    def _sum(self) -> Any:
        left = self._chain("mul", self._atom, "*", "×")
        while self.word in {"+", "-"}:
            name = "add" if self.take() == "+" else "sub"
            right = self._chain("mul", self._atom, "*", "×")
            left = [*left, right] if isinstance(left, list) and left[0] == name else [name, left, right]
        return left

    def _atom(self) -> Any:
        word = self.take()
        if word == "(" or word in _CALLS:
            return self._group(word)
        if word[:1].isdecimal():
            return float(word) if "." in word else int(word)
        if word[:1].isalpha() and word not in {"and", "or"}:
            return word
        raise ExpressionError(word)

    def _group(self, word: str) -> Any:
        if word != "(" and self.take() != "(":
            raise ExpressionError(word)
        self.depth += 1
        if self.depth > 50:
            raise ExpressionError("(" * 20)
        inner = self.either()
        self.depth -= 1
        if self.take() != ")":
            raise ExpressionError(word)
        return inner if word == "(" else [word, inner]
