"""Runs one command and prints its cost as JSON. It is a small process, because Linux counts the memory of the
parent before `exec` into the child's peak.

Used as a script: `python -I -S tests/launch.py COMMAND…`; the command's standard output goes to standard
error.
"""

import json
import os
import sys
import time

begun = time.perf_counter()
child = os.fork()
if child == 0:
    os.dup2(2, 1)
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    finally:
        os._exit(127)
_, status, usage = os.wait4(child, 0)
cost = {
    "seconds": time.perf_counter() - begun,
    "cpu_seconds": usage.ru_utime + usage.ru_stime,
    "peak_bytes": usage.ru_maxrss * 1024,
    "exit": os.waitstatus_to_exitcode(status),
}
print(json.dumps(cost))
