"""Slows down people who guess codes. allauth does not limit GET requests, and a GET request tries a code."""

from __future__ import annotations

from quetsach.portal.kit.limits import WrongCodes

WRONG_CODES = WrongCodes("wrong-code", most=30, seconds=600)
"""At 20,000 tries an hour and 10,000 open codes of 50 bits, one try is right in some 600 years."""
