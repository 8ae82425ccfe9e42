"""Quét Sạch: run a malware clean-up campaign across an administration, from lists and logs to the report."""

__version__ = "0.1.0"
