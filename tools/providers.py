"""Makes `providers.list`, which the native engine reads, from `providers.toml`: run it after a change."""

from __future__ import annotations

from pathlib import Path

from quetsach.bypass import listed, providers

if __name__ == "__main__":
    Path(str(providers.FILE)).with_name(listed.NAME).write_bytes(providers.load().listed)
