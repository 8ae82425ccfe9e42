"""Slows who tries codes. allauth's limits leave reading alone, and a code is tried by reading."""

from __future__ import annotations

from quetsach.portal.kit.limits import WrongCodes

WRONG_CODES = WrongCodes("wrong-code", most=30, seconds=600)
"""Of 20,000 tries an hour and 10,000 codes of 50 bits that are open, one is right in some 600 years."""
