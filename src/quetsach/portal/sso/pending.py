"""A proven person without an account, on the way to an invitation: for ten minutes, in the session."""

from __future__ import annotations

import time

from django.http import HttpRequest

from quetsach.portal.sso.identity import Proof

SECONDS = 600
_KEY = "sso_proof"


def remember(request: HttpRequest, proof: Proof) -> None:
    """Store the proof for the next page."""
    request.session[_KEY] = {"key": proof.key, "strong": proof.is_strong, "at": int(time.time())}


def proven(request: HttpRequest) -> Proof | None:
    """The proof, if it is fresh."""
    kept = request.session.get(_KEY)
    if not kept or not 0 <= time.time() - kept["at"] <= SECONDS:
        return None
    return Proof(kept["key"], kept["strong"])


def forget(request: HttpRequest) -> None:
    """Delete the proof after its use."""
    request.session.pop(_KEY, None)
