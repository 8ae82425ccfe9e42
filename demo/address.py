"""The portal's address in the demonstration, and what follows it when another program has its port."""

from __future__ import annotations

import errno
import json
import socket

HERE = "quetsach.localhost"
"""Printed pages and messages need a name. Browsers find *.localhost on their own machine (RFC 6761)."""


def address_at(port: int) -> str:
    """The address that pages, letters and messages carry."""
    return f"http://{HERE}:{port}"


def free_port(wanted: int) -> int | None:
    """`wanted` if nobody listens there, else any free port; None if there is none."""
    for port in (wanted, *[0] * 8):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
        # Browsers ask for the name on IPv6 as well, and would open the page of another program there.
        if _is_free_on_ipv6(found):
            return found
    return None


def _is_free_on_ipv6(port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(("::1", port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # a machine without IPv6 has nobody there
    return True


def follow(before: str, now: str) -> None:
    """Let the stored letters, whose text names the portal's address, name the address of this start."""
    from quetsach.portal.letters.models import Letter

    for letter in Letter.rows.all():
        text = json.dumps(letter.fields, ensure_ascii=False)
        if f"{before}/" in text:
            letter.fields = json.loads(text.replace(f"{before}/", f"{now}/"))
            letter.save(update_fields=["fields"])
