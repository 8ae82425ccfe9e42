"""The endings of file names that travel between the portal, a stick and a machine."""

PACK = ".qspack"
RESULT = ".qsresult"
