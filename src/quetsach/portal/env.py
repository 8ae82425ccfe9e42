"""Settings come from QUETSACH_* variables only; a bad value stops the start with its name and what was expected."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    """The variable's text, or the text of the file that `NAME_FILE` points to."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}: {error.strerror}") from error
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    """Read 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    folded = value.strip().casefold()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: expected 1 or 0")


def env_int(name: str, default: int) -> int:
    """Read a whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r}: expected a whole number") from error


def env_list(name: str, default: str = "") -> list[str]:
    """Read words separated by commas."""
    return [word.strip() for word in env_str(name, default).split(",") if word.strip()]
