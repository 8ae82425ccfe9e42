"""The groups of doubtful entries: what happens to each, and whether a form that blocks may hold it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Group(StrEnum):
    """A group of doubtful entries.

    `MANY`: names and addresses that many use or share, names above them, the state's and one's own. Left out
    unless a person keeps one; no form that blocks holds them, not even kept ones.
    `PLACEHOLDER`: written where the real address is not known. Left out unless a person keeps it.
    `RENTED`: one customer's name or address at a platform. Kept; a form that blocks holds exactly that name.
    `SINKHOLE` and `WIDE` are kept: a machine that calls a sinkhole is infected.
    """

    MANY = "many"
    PLACEHOLDER = "placeholder"
    RENTED = "rented"
    SINKHOLE = "sinkhole"
    WIDE = "wide"

    @property
    def is_kept(self) -> bool:
        """Whether an entry of the group is kept where nobody decides."""
        return self not in (Group.MANY, Group.PLACEHOLDER)

    @property
    def is_decided_singly(self) -> bool:
        """Whether a reason holds for one entry only, never for the whole group."""
        return self is Group.MANY


OF_CODE: Mapping[str, Group] = MappingProxyType(
    {
        "special-purpose": Group.MANY,
        "special-name": Group.MANY,
        "public-suffix": Group.MANY,
        "too-wide": Group.MANY,
        "government": Group.MANY,
        "own": Group.MANY,
        "well-known": Group.MANY,
        "shared": Group.MANY,
        "placeholder": Group.PLACEHOLDER,
        "hosted": Group.RENTED,
        "rented": Group.RENTED,
        "sinkhole": Group.SINKHOLE,
        "wide": Group.WIDE,
    }
)
"""The group of each code of `quetsach.text.reasons.CONCERNS`."""
