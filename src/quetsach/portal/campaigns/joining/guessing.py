"""Stops who tries codes. allauth's limits leave reading alone, and a code is tried by reading."""

from __future__ import annotations

from quetsach.portal.kit.limits import Limit

WRONG_CODES = Limit("wrong-code", most=30, seconds=600)
