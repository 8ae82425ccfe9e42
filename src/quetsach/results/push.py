"""A client for the portal's API: pushes a scan document.

Pushing again changes nothing at the portal, so every passing failure is retried. The token is sent
in one header, to one host; no message shows it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from quetsach import __version__
from quetsach.errors import PortalError
from quetsach.sightings.cutting import CHUNK_BYTES, Chunk, Whole

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

PATH = "/api/v1/sightings"
_TOKEN = re.compile(r"[\x21-\x7e]{8,512}")
_TRIES = 5
_SLOWEST = 60.0
_CODES = {
    400: "refused",
    401: "token_unknown",
    403: "token_not_allowed",
    404: "no_portal",
    413: "too_large",
    422: "refused",
    507: "portal_full",
}


class PushError(PortalError):
    """The push failed. Codes: `token_file`, `address`, `unreachable`, `certificate`, `moved`,
    `token_unknown` (401), `token_not_allowed` (403), `no_portal` (404), `too_large` (413), `refused`,
    `none_taken`, `portal_full` (507), `failed`, `answer` (no answer of a portal); of results of checks
    (`endpoint.hand_in`) `in_the_clear`, `code_form`, `code_unknown`, `code_locked`, `results_large`; of
    enrolling (`enrolling`) `token_write`, too. `detail` is from outside: escape it before showing it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of the pushed document that the portal left out, and why."""

    line: int
    code: str
    reason: str


@dataclass(slots=True)
class PushResult:
    """The portal's answers over all chunks, added up.

    `machines` is the number of machines with a sign; `unlisted` of them called only addresses that the
    campaign has not published. `address` leads to the only new case, or to the list of machines. These are
    None, 0 and empty where the portal did not say, such as an older portal. `not_understood` and
    `nameless` are lines of the document that name a listed address and no machine.
    """

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    machines: int | None = None
    unlisted: int = 0
    new_cases: int = 0
    address: str = ""
    not_understood: int = 0
    nameless: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether the portal left out lines and took none."""
        return bool(self.rejected) and not self.new + self.updated + self.unchanged


def read_token(path: Path) -> str:
    """The token in `path`: its only line.

    Raises:
        PushError: the file cannot be read or holds no token.
    """
    try:
        with path.open(encoding="ascii") as file:
            token = file.read(4096).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise PushError("token_file", f"{path}: {reason}") from None
    if not _TOKEN.fullmatch(token):
        raise PushError("token_file", f"{path}: holds no token")
    return token


def push(
    document: BinaryIO, url: str, token: str, on_chunk: Callable[[int, int], None] | None = None
) -> PushResult:
    """Send a whole scan document in chunks. `url` is the portal's address, with or without the API's path;
    `on_chunk(bytes sent, bytes in all)` is called after each chunk.

    Raises:
        ScanFileError: the document is not whole; nothing was sent.
        PushError: the portal refused or could not be reached; chunks sent so far do no harm.
    """
    address = address_of(url)
    whole = Whole(document)
    total = document.tell()
    result = PushResult(not_understood=whole.not_understood, nameless=whole.nameless)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    sent = 0
    answers = []
    with pool(_TRIES) as http:
        for chunk in whole.chunks(CHUNK_BYTES):
            answers.append(answer_of(http, address, headers, token, codes=_CODES, body=chunk.data))
            _add(result, chunk, answers[-1])
            sent += len(chunk.data)
            if on_chunk:
                on_chunk(min(sent, total), total)
    _add_machines(result, answers, whole.devices)
    return result


def pool(tries: int) -> PoolManager:
    """Connections that verify certificates, follow no redirect, and ask a busy portal again."""
    import urllib3  # takes 60 ms, which a scan without a push saves

    retries = urllib3.Retry(
        total=tries,
        redirect=False,
        status_forcelist=(502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.5,
        backoff_max=15,
        retry_after_max=15,
        raise_on_status=False,
    )
    return urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(connect=10, read=300))


def is_in_the_clear(url: str) -> bool:
    """Whether others could read a token sent to `url`: plain HTTP to another machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def address_of(url: str, path: str = PATH) -> str:
    """The address where a portal takes results. Raises PushError for an impossible address; nothing is
    sent."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.query or parts.fragment or parts.username is not None:
        raise PushError("address", url)
    trimmed = url.rstrip("/")
    return trimmed if trimmed.endswith(path) else trimmed + path


def answer_of(
    http: PoolManager,
    address: str,
    headers: Mapping[str, str],
    secret: str,
    *,
    codes: Mapping[int, str],
    **content: Any,
) -> dict[str, Any]:
    """The portal's answer to a POST; `codes` maps a status to a code of PushError.

    Raises:
        PushError: its detail never holds `secret`.
    """
    headers = {**headers, "Accept": "application/json"}
    data = body_of(http, "POST", address, headers, secret, codes=codes, **content)
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise PushError("answer", _host(address))
    return answer


def body_of(
    http: PoolManager,
    method: str,
    address: str,
    headers: Mapping[str, str],
    secret: str,
    *,
    codes: Mapping[int, str] = _CODES,
    most: int | None = None,
    **content: Any,
) -> bytes:
    """The body of the portal's answer; of a longer one the first bytes, `most` and one more.

    Raises:
        PushError: its detail never holds `secret`.
    """
    import urllib3

    headers = {**headers, "User-Agent": f"quetsach/{__version__}"}
    try:
        response = http.request(method, address, headers=headers, preload_content=most is None, **content)
        body = response.data if most is None else _begin_of(response, most + 1, _host(address))
    except urllib3.exceptions.MaxRetryError as error:
        is_tls = isinstance(error.reason, urllib3.exceptions.SSLError)
        raise PushError("certificate" if is_tls else "unreachable", _host(address)) from error
    except urllib3.exceptions.HTTPError as error:
        raise PushError("unreachable", _host(address)) from error
    if 300 <= response.status < 400:
        raise PushError("moved", response.headers.get("Location", "")[:300])
    if response.status not in (200, 201, 202):
        code = codes.get(response.status) or _CODES.get(response.status, "failed")
        # A server may echo the request.
        said = _excerpt(body).replace(secret, "…")
        raise PushError(code, f"HTTP {response.status} {said}".strip())
    return body


def _begin_of(response: BaseHTTPResponse, most: int, host: str) -> bytes:
    """The first bytes of a body. Raises PushError where it takes longer than `_SLOWEST` seconds: a server may
    send a byte now and then for ever."""
    body, ends = bytearray(), time.monotonic() + _SLOWEST
    try:
        while len(body) < most and (block := response.read1(1 << 16)):
            body += block
            if time.monotonic() > ends:
                raise PushError("unreachable", host)
    finally:
        response.close()
    return bytes(body[:most])


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _excerpt(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    said = (str(answer[key]) for key in ("code", "reason", "detail") if isinstance(answer.get(key), str))
    return ": ".join(said)[:300]


def _add(result: PushResult, chunk: Chunk, answer: dict[str, Any]) -> None:
    try:
        result.new += int(answer["new"])
        result.updated += int(answer["updated"])
        result.unchanged += int(answer["unchanged"])
        for line in answer["rejected"]:
            number = chunk.original_line(int(line["line"]))
            result.rejected.append(Rejected(number, str(line["code"]), str(line["reason"])))
    except (KeyError, TypeError, ValueError) as error:
        raise PushError("answer", "not the answer of a portal") from error


def _add_machines(result: PushResult, answers: Sequence[Mapping[str, Any]], devices: int) -> None:
    """The answer in machines, if every chunk has one. A machine may stand in several chunks: then the devices
    of the document are counted."""
    keys = ("machines", "machines_unlisted", "new_cases")
    if not answers or not all(isinstance(one.get(key), int) for one in answers for key in keys):
        return
    last = answers[-1]
    result.machines = last["machines"] if len(answers) == 1 else devices
    result.unlisted = last["machines_unlisted"] if len(answers) == 1 else 0
    result.new_cases = sum(one["new_cases"] for one in answers)
    told = next((one for one in answers if one["new_cases"]), last)
    result.address = str(told.get("url", ""))[:500] if result.new_cases <= 1 else ""
