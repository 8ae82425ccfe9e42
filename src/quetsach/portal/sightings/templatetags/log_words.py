"""Words for the codes of a log line, the same as those of the command line, in the reader's language."""

from __future__ import annotations

from django import template

from quetsach.portal.kit.language import language
from quetsach.text import words
from quetsach.text.language import translator

register = template.Library()


@register.filter
def log_field(word: str) -> str:
    """The place of the indicator in the line."""
    return words.field(word, translator(language()))


@register.filter
def log_action(word: str) -> str:
    """The outcome of the connection."""
    return words.action(word, translator(language()))


@register.filter
def log_kind(word: str) -> str:
    """The kind of the indicator."""
    return words.kind(word, translator(language()))


@register.filter
def log_identity(word: str) -> str:
    """What the line says of the machine beside its address."""
    return words.identity(word, translator(language()))


@register.filter
def logformat(name: str) -> str:
    """The format of the line."""
    return words.logformat(name, translator(language()))
