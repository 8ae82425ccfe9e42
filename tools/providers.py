"""Makes `providers.list`, which the native engine reads, from `providers.toml`: run it after a change."""

from __future__ import annotations

from quetsach.bypass import listed, providers

if __name__ == "__main__":
    listed.FILE.write_bytes(providers.load().listed)
