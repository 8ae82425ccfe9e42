"""`python -I -m quetsach.files.bounded_process`: the process that reads."""

from __future__ import annotations

import sys

from quetsach.files.bounded_process import reader

if sys.platform == "win32":
    reader.once()
else:
    import socket

    from quetsach.files.bounded_process.serving import Warm

    Warm(socket.socket(fileno=int(sys.argv[1]))).serve()
