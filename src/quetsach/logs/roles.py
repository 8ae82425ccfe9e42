"""The roles of a log's fields: the names that format files and `--fields` use."""

from __future__ import annotations

ROLES = ("query", "answers", "host", "url", "server_name")
"""Roles of which all values of all fields count."""
SINGLE_ROLES = ("client", "client_port", "server", "server_port", "host_port")
IDENTITY = ("host", "mac", "user", "nat")
ROLE_NAMES = (
    "time",
    *SINGLE_ROLES[:4],
    *ROLES,
    "host_port",
    "action",
    *(f"identity.{name}" for name in IDENTITY),
)
"""The roles for columns named by `--fields`; `action` is a word such as allow or deny."""
