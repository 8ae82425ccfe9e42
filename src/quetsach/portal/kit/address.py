"""The portal's own address, for all that leaves the screen: paper, QR codes, messages, e-mails, packs.

It is QUETSACH_ADDRESS. It is never the name in a request, because the sender of a request chooses that name.
No other module asks a request for its host (`tools/house.py` refuses it).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

HERE = "http://localhost:8000"
"""Where the portal answers on its own machine, if nothing else is said."""


def is_known() -> bool:
    """Whether QUETSACH_ADDRESS is set to an address that other machines can open."""
    host = urlsplit(settings.SITE_ADDRESS).hostname or ""
    try:
        return bool(host) and host != "localhost" and not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def is_here_only() -> bool:
    """Whether QUETSACH_ADDRESS is set to an address that only the portal's own machine can open."""
    return bool(settings.SITE_ADDRESS) and not is_known()


def absolute(path: str = "/") -> str:
    """The whole address of a page, for other people. While it is not known, a gap to be filled in by hand."""
    root = settings.SITE_ADDRESS if is_known() else _("[address of the portal]")
    return root.rstrip("/") + path


def on_screen(request: HttpRequest, path: str = "/") -> str:
    """The whole address of a page, for a reader who copies it on the same machine.

    While the address is not known, and in the demonstration, it has the name that the reader's browser uses,
    which is one of QUETSACH_HOSTS: it works for that reader at least. No setting lists ports. A name with a
    port gets the port of this server; a name without a port belongs to a web server in front of it.
    """
    if is_known() and not settings.DEMO:
        return absolute(path)
    name, port = split_domain_port(request.get_host())
    return f"{request.scheme}://{name}{f':{request.META["SERVER_PORT"]}' if port else ''}{path}"


def page_before(request: HttpRequest) -> str:
    """The path of the page that the reader came from; the front page if it is of another site."""
    try:
        root = f"{request.scheme}://{request.get_host()}/"
    except DisallowedHost:
        return "/"
    referrer = request.META.get("HTTP_REFERER", "")
    return "/" + referrer[len(root) :].lstrip("/\\") if referrer.startswith(root) else "/"


def on_this_machine(path: str) -> str:
    """The whole address of a page for the person at the portal's own terminal, and for its own services."""
    return (settings.SITE_ADDRESS or HERE).rstrip("/") + path
