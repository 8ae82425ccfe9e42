"""Exchanges a sensor's code for its token (docs/contract.md 9). The token goes into a file that only its
owner reads, and nowhere else."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from quetsach.results.push import PATH, PushError, address_of, answer_of, is_in_the_clear, pool

ENROL_PATH = "/api/v1/sensors"
_CODES = {400: "code_form", 401: "code_unknown", 404: "no_portal", 429: "code_locked", 507: "portal_full"}
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The sensor's name in the portal, and its unit."""

    name: str
    unit: str


def enrol(url: str, code: str, token_file: Path) -> Enrolled:
    """Write the sensor's token to `token_file`, a new file. The file is made before the code is sent, because
    a code opens once.

    Raises:
        PushError: `token_write` the file is there already, or cannot be written; `in_the_clear` the portal
            has no https; `code_form`, `code_unknown`, `code_locked`, and those of `push`.
    """
    address = address_of(url.rstrip("/").removesuffix(PATH), ENROL_PATH)
    if is_in_the_clear(url):
        raise PushError("in_the_clear", url)
    if not 0 < len(code.strip()) <= _LONGEST:
        raise PushError("code_form")
    try:
        file = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PushError("token_write", f"{token_file}: {error.strerror}") from error
    try:
        with pool(1) as http:
            headers = {"Content-Type": "application/json"}
            body = json.dumps({"code": code.strip()}).encode()
            answer = answer_of(http, address, headers, code, codes=_CODES, body=body)
        token, name, unit = (answer.get(key) for key in ("token", "name", "unit"))
        if not (isinstance(token, str) and token.startswith("qs_") and isinstance(name, str)):
            raise PushError("answer", url)
        os.write(file, f"{token}\n".encode())
        os.fsync(file)
    except BaseException as error:
        os.close(file)
        with suppress(OSError):
            token_file.unlink()
        if isinstance(error, OSError):
            raise PushError("token_write", f"{token_file}: {error.strerror}") from error
        raise
    os.close(file)
    return Enrolled(name, str(unit or ""))
