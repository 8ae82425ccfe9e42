"""When a packet was captured, its sender and its receiver on this link."""

from __future__ import annotations

from typing import NamedTuple

INITIAL_HOPS = (64, 128, 255)
"""Hop counts with which hosts send: a packet that still has one of these comes from this link."""


class Origin(NamedTuple):
    """Microseconds since 1970 UTC, and the hardware address of the sender if it is on this link.

    `to` is the hardware address that an Ethernet frame was sent to."""

    time: int | None = None
    mac: bytes | None = None
    to: bytes | None = None


class End(NamedTuple):
    """One end of a flow; the port is 0 where the protocol has none."""

    address: int
    port: int
