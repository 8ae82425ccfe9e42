"""How the names of files end that travel between the portal, a stick and a machine."""

PACK = ".qspack"
RESULT = ".qsresult"
