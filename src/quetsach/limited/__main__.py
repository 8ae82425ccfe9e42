"""`python -I -m quetsach.limited`: the process that reads, warm (POSIX) or for one file (Windows)."""

from __future__ import annotations

import sys

from quetsach.limited import reader

if sys.platform == "win32":
    reader.once()
else:
    import socket

    from quetsach.limited.serving import Warm

    Warm(socket.socket(fileno=int(sys.argv[1]))).serve()
