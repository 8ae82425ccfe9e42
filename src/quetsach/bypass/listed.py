"""The list of providers as the native engine takes it: a scan need not read TOML for it."""

from __future__ import annotations

from quetsach.files import packaged

NAME = "providers.list"
"""`tools/providers.py` makes it from `providers.toml`; a test compares both."""


def read() -> bytes:
    """The entries, one a line: see `quetsach.bypass.providers.Providers.listed`."""
    return packaged.read(f"bypass/{NAME}")
