"""Which versions of the annex form a campaign can choose. The reports app appends what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.functional import Promise

type Version = tuple[str, str | Promise]

PROVIDERS: list[Callable[[], Iterable[Version]]] = []


def versions() -> list[Version]:
    """Every version by its code, each once, with the name that people read."""
    return list({code: (code, name) for provide in PROVIDERS for code, name in provide()}.values())
