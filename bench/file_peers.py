"""Plain loops as a comparison for the check of files: `file_peers.py hash|yara DISK HASHES [RULES]`.

Each loop reads every file once, whole, up to 32 MiB, and prints the names of files with a listed hash or a
matching rule. Runs with any Python; `yara` needs yara-python there.
"""

from __future__ import annotations

import hashlib
import os
import sys

_MOST = 32 << 20
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}


def main(kind: str, disk: str, hash_file: str, rule_file: str = "") -> None:
    """Walk and print."""
    with open(hash_file, encoding="ascii") as file:  # noqa: PTH123
        listed = {line.split()[0] for line in file}
    algorithms = sorted({_ALGORITHMS[len(one)] for one in listed})
    rules = None
    if kind == "yara":
        import yara  # type: ignore[import-not-found]

        rules = yara.compile(rule_file)
    for folder, _folders, names in os.walk(disk):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118
            if os.path.getsize(path) > _MOST:  # noqa: PTH202
                continue
            with open(path, "rb") as file:  # noqa: PTH123
                data = file.read()
            found = any(
                hashlib.new(one, data, usedforsecurity=False).hexdigest() in listed for one in algorithms
            )
            if rules is not None and data:
                found = bool(rules.match(data=data)) or found
            if found:
                print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
