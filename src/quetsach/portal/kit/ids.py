"""Identifiers that sort by their time of creation (RFC 9562, version 7)."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7() -> UUID:
    """48 bits of milliseconds, then random bits. Python has its own from 3.14 on."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def made_at(id: UUID) -> datetime:
    """The millisecond at which an id of this kind was made."""
    return _EPOCH + timedelta(milliseconds=id.int >> 80)
