"""Sending results: certificates are verified, redirects and plain HTTP refused, and no message holds the
code."""

from __future__ import annotations

import datetime
import json
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from quetsach.endpoint import hand_in
from quetsach.results.push import PushError
from tests.loopback import Quiet, Server, serving

pytestmark = pytest.mark.usefixtures("no_waiting")
CODE = "2345-6789-ABCD"
ANSWER = {"unit": "Xã A", "taken": 1, "known": 0, "refused": [], "is_code_free": False}


class Door(Quiet):
    answers: list[tuple[int, object]]
    seen: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Authorization"], body))
        status, answer = self.answers.pop(0) if self.answers else (200, ANSWER)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://evil.example/")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def _certificate(path: Path, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )


def _serve(certificate: Path | None) -> Iterator[tuple[str, type[Door]]]:
    door = type("ThisDoor", (Door,), {"answers": [], "seen": []})
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with serving(Server(door, context)) as server:
        yield f"{server.url}/", door


@pytest.fixture
def door() -> Iterator[tuple[str, type[Door]]]:
    yield from _serve(None)


def test_over_tls_the_known_certificate_is_believed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, other = tmp_path / "good.pem", tmp_path / "other.pem"
    _certificate(good, "127.0.0.1")
    _certificate(other, "127.0.0.2")
    for shown, known, is_taken in ((good, good, True), (good, other, False), (other, other, False)):
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        for url, seen in _serve(shown):
            try:
                receipt = hand_in.hand_in([("a.qsresult", b"x")], url, CODE, "vi")
                assert is_taken and receipt.unit == "Xã A"
                assert seen.seen[0][:2] == ("/api/v1/check-results", f"Bearer {CODE}")
            except PushError as error:
                assert not is_taken and error.code == "certificate", error
                assert not seen.seen


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [(401, "code_unknown", 1), (429, "code_locked", 1), (302, "moved", 1), (404, "no_portal", 1),
     (500, "failed", 1), (503, "failed", 4)],
)  # fmt: skip
def test_a_refusal_is_named_without_the_code(
    door: tuple[str, type[Door]], status: int, code: str, asked: int
) -> None:
    url, seen = door
    seen.answers = [(status, {"code": "x", "reason": f"you sent {CODE}"})] * asked
    with pytest.raises(PushError) as caught:
        hand_in.hand_in([("a", b"x")], url, CODE, "vi")
    assert caught.value.code == code and CODE not in str(caught.value)
    assert len(seen.seen) == asked


def test_what_may_pass_is_tried_again_with_the_same_bytes_in_it(door: tuple[str, type[Door]]) -> None:
    url, seen = door
    seen.answers = [(503, {}), (502, {}), (200, ANSWER)]
    assert hand_in.hand_in([("a.qsresult", b"sealed bytes")], url, CODE, "vi").taken == 1
    assert len(seen.seen) == 3 and all(b"sealed bytes" in body for _path, _code, body in seen.seen)


@pytest.mark.parametrize("answer", [[], {}, {**ANSWER, "refused": [1]}, {**ANSWER, "taken": "x"}])
def test_an_answer_that_is_no_portal_s_is_no_success(door: tuple[str, type[Door]], answer: object) -> None:
    url, seen = door
    seen.answers = [(200, answer)]
    with pytest.raises(PushError, match="answer"):
        hand_in.hand_in([("a", b"x")], url, CODE, "vi")


@pytest.mark.parametrize(
    "portal", ["http://portal.example/", "ftp://127.0.0.1/", "", "https://", "https://[", "quetsach.example"]
)
def test_no_way_without_https(portal: str) -> None:
    assert not hand_in.is_possible(portal)
    with pytest.raises(PushError, match="in_the_clear"):
        hand_in.hand_in([("a", b"x")], portal, CODE, "vi")


def test_no_odd_code_reaches_a_header(door: tuple[str, type[Door]]) -> None:
    for code in ("short", "2345-6789-ABCD\r\nX: y", "é" * 12):
        with pytest.raises(PushError, match="code_form"):
            hand_in.hand_in([("a", b"x")], door[0], code, "vi")
    assert not door[1].seen
