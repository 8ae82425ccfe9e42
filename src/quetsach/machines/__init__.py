"""Finds the machine behind an address."""
