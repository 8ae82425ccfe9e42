"""The address for scanners that ask about machines: those that wait for proof that they are clean."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from quetsach.portal.cases.asking import asked_by, own_networks
from quetsach.portal.sightings.receiving import bearer, no_token
from quetsach.sightings.asked import MOST

_HEAD = """\
# Machines under verification in the unit of this token and the units below.
# For: quetsach scan ... --asked FILE (or this address)
# A line own:NETWORK is a range whose DNS servers are your own. Add one for a DNS server of yours outside.
"""


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """GET with the token of a push: one address, hardware address or name a line, then the ranges of the
    unit, as `quetsach scan --asked` reads them; with ETag. 401 without a live token.

    A token sees the machines of its unit and the units below, and no others.
    """
    token = bearer(request)
    if token is None:
        return no_token()
    names, more = asked_by(token.unit)
    text = _HEAD + (f"# {more} more are not asked about: too many for one scan.\n" if more else "")
    text += "".join(f"{name}\n" for name in names)
    if names:
        text += "".join(f"{network}\n" for network in own_networks(token.unit, MOST - len(names)))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()}"'
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    patch_vary_headers(response, ["Authorization"])
    return get_conditional_response(request, etag=etag, response=response) or response
