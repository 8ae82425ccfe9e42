"""Measurements: whole processes, against the tools people use today, with the answers checked on every
run."""
