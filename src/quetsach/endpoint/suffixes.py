"""The endings of file names that travel between the portal, a stick and a machine."""

PACK = ".qspack"
RESULT = ".qsresult"
CONFIRMED = ".xac-nhan"
"""Behind the whole name of a pack: a person's answer about its key."""
