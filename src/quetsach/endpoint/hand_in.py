"""Sending sealed results of checks to the portal, with a unit's one-time code (`checks.arriving.api`).

Sending the same results again changes nothing at the portal. So passing failures are retried, and when an
answer was lost, the second answer confirms the results as received. The code travels in one header, to the
address in the signed pack, over HTTPS with the certificate verified. No message shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from quetsach.results.push import PushError, answer_of, is_in_the_clear, pool

PATH = "api/v1/check-results"
MOST_FILES = 400
MOST_BYTES = 64 << 20
_TRIES = 3
_CODES = {401: "code_unknown", 404: "no_portal", 413: "results_large", 429: "code_locked"}
_CODE = re.compile(r"[0-9A-Za-z -]{12,40}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that the portal did not take, and its reason in the requested language."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The portal's answer about the files. `is_code_free`: nothing new came in, so the code still works."""

    unit: str
    taken: int
    known: int
    refused: tuple[Refusal, ...]
    is_code_free: bool


def is_possible(portal: str) -> bool:
    """Whether results may be sent to this address: HTTPS, or this very machine."""
    try:
        parts = urlsplit(portal)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and not is_in_the_clear(portal)
    except ValueError:
        return False


def hand_in(files: Sequence[tuple[str, bytes]], portal: str, code: str, language: str) -> Receipt:
    """Send results, by name and content.

    Args:
        portal: its address, as the pack gives it.
        language: the language of the portal's reasons, "vi" or "en".

    Raises:
        PushError: `in_the_clear`, `code_form`, `code_unknown`, `code_locked`, `results_large`, or a code of a
            push. Files that the portal took before still count; all may be sent again.
    """
    if not is_possible(portal):
        raise PushError("in_the_clear", portal)
    if not _CODE.fullmatch(code.strip()):
        raise PushError("code_form")
    if len(files) > MOST_FILES or sum(len(content) for _name, content in files) > MOST_BYTES:
        raise PushError("results_large")
    headers = {"Authorization": f"Bearer {code.strip()}", "Accept-Language": language}
    fields = [("results", (name, content, "application/octet-stream")) for name, content in files]
    address = f"{portal.rstrip('/')}/{PATH}"
    with pool(_TRIES) as http:
        answer = answer_of(http, address, headers, code.strip(), codes=_CODES, fields=fields)
    try:
        return _receipt(answer)
    except (KeyError, TypeError, ValueError) as error:
        raise PushError("answer", urlsplit(portal).netloc) from error


def _receipt(answer: dict[str, Any]) -> Receipt:
    return Receipt(
        str(answer["unit"]), int(answer["taken"]), int(answer["known"]),
        tuple(Refusal(str(one["name"]), str(one["code"]), str(one["reason"])) for one in answer["refused"]),
        bool(answer["is_code_free"]),
    )  # fmt: skip
