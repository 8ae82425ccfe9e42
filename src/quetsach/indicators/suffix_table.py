"""The table of public suffixes (publicsuffix.org) as its package reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quetsach.files import packaged

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_PACKAGE = "publicsuffixlist"


def text() -> bytes:
    """The table, which may lie in an archive."""
    return packaged.read("public_suffix_list.dat", _PACKAGE)


def read(*, accept_unknown: bool = True) -> PublicSuffixList:
    """The parsed table; `accept_unknown`: whether a name's unknown ending counts as a public suffix."""
    from publicsuffixlist import PublicSuffixList  # imported where a name needs it: the table is long

    return PublicSuffixList(text(), accept_unknown=accept_unknown)
