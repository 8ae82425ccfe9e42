"""The versions of the annex form that a campaign can choose. The reports app registers its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.functional import Promise

type Version = tuple[str, str | Promise]

PROVIDERS: list[Callable[[], Iterable[Version]]] = []


def versions() -> list[Version]:
    """Code and name of every version."""
    return list({code: (code, name) for provide in PROVIDERS for code, name in provide()}.values())
