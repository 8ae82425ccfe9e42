"""Text that no database stores is refused at every page; the requests are written byte by byte."""

from uuid import uuid4

import pytest
from django import conf
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from quetsach.portal.kit import refused
from quetsach.portal.kit.readable import ReadableText, is_readable, with_plain_fields
from quetsach.portal.privacy.models import ErasureRequest
from tests.portal.every_route import routes

ASK = {"kind": "see", "name": "An", "contact": "0912 345 678", "text": "x"}


def multipart(charset, fields=(), files=()):
    """The bytes of a form, spelled by hand: (disposition, content) each."""
    parts = [
        b"--x\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n"
        for head, body in (*fields, *files)
    ]
    kind = f"multipart/form-data; boundary=x{f'; charset={charset}' if charset else ''}"
    return {"data": b"".join(parts) + b"--x--\r\n", "content_type": kind}


def ask(client, **body):
    send = client.generic if "content_type" in body else client.post
    where = reverse("ask_erasure")
    return (send("POST", where, **body) if send == client.generic else send(where, **body)).status_code


@pytest.fixture
def visitor(cast):
    return Client(raise_request_exception=False)


def test_a_form_is_read_in_utf_8_only(visitor):
    fields = [(f'name="{key}"'.encode(), value.encode()) for key, value in ASK.items()]
    for charset in ("unicode_escape", "utf-7", "hex", "undefined", "raw_unicode_escape"):
        half = [(b'name="name"', b"A\\ud800"), *fields[1:]]
        assert ask(visitor, **multipart(charset, half)) == 400, charset
    assert not ErasureRequest.rows.exists()
    for charset in ("", "utf-8", "UTF-8", "us-ascii"):
        assert ask(visitor, **multipart(charset, fields)) == 302, charset
    assert ErasureRequest.rows.count() == 4


def test_a_name_of_a_field_or_a_file_in_an_odd_encoding_is_no_fault(visitor):
    fields = [(f'name="{key}"'.encode(), value.encode()) for key, value in ASK.items()]
    for encoding in (b"nothing", b"idna", b"hex", b"raw_unicode_escape", b"utf-16"):
        for head in (b"name*=%b''%%5Cud800%%ff", b"name=\"x\"; filename*=%b''a%%5Cud800%%ff.pdf"):
            form = multipart("", fields, [(head % encoding, b"x")])
            assert ask(visitor, **form) in {302, 400}, encoding
    assert ask(visitor, **multipart("", fields, [(b'name="a\0b"', b"x")])) == 400


def test_nul_is_refused_by_every_address_wherever_it_stands(visitor):
    keys = {
        "slug": "x",
        **dict.fromkeys(("number", "body_id", "link_id", "person_id", "seat_id", "range_id", "row_id"), 1),
    }
    texts = {"act", "row", "name", "code", "form", "kind", "token", "deed", "version", "source"}
    for name, wanted in routes():
        known = {key: "x" if key in texts else keys.get(key, uuid4()) for key in wanted}
        url = reverse(name, kwargs=known)
        assert visitor.get(f"{url}?tim=a%00b").status_code == 400, name
    assert visitor.get("/ma/a%00b/").status_code == 400
    assert ask(visitor, data=ASK | {"text": "a\0b"}) == 400
    assert visitor.get("/", HTTP_COOKIE='sessionid="\\000abc"').status_code == 400


def test_a_pile_of_marks_is_refused_wherever_it_stands(visitor):
    """Freezes a process for seconds where it is compared, which pages do without an account."""
    pile = "a" + "\u0301" * 31
    assert visitor.get("/", {"tim": pile[:-1]}).status_code == 200
    assert visitor.get("/", {"tim": pile}).status_code == 400
    assert visitor.get("/", {pile: "x"}).status_code == 400
    assert visitor.get(f"/ma/{pile}/").status_code == 400
    assert ask(visitor, data=ASK | {"name": pile}) == 400
    assert ask(visitor, data=ASK | {pile: "x"}) == 400
    head = f'name="x"; filename="{pile}.csv"'.encode()
    assert ask(visitor, **multipart("", (), [(head, b"x")])) == 400
    assert not ErasureRequest.rows.exists()


def test_the_page_says_what_to_do(visitor):
    page = visitor.get("/?tim=%00").content.decode()
    assert "Chưa có gì thay đổi" in page


@pytest.mark.parametrize(
    "told", ["text/plain; charset*=nothing''x", "x/y; a*=idna''%ff", "text/plain; " + "a" * 20_000]
)
def test_a_type_at_which_the_server_would_fail_is_passed_over(cast, told):
    environ = RequestFactory().post("/", b"x=1", content_type="text/plain").environ
    environ["CONTENT_TYPE"] = told
    seen = []
    b"".join(with_plain_fields(WSGIHandler())(environ, lambda status, _headers: seen.append(status)))
    assert seen and int(seen[0][:3]) < 500


def test_ordinary_text_is_readable():
    assert all(map(is_readable, ("", "Đơn vị A1", "𝟙🙂", "a\tb\r\n", "\u202e", "e\u0302\u0301" * 100)))
    assert not any(map(is_readable, ("\0", "a\ud800", "\udfff")))


LONG = 'a="' + "\\\\" * 15_000 + '"'


def test_cookies_at_which_python_would_work_for_seconds_are_passed_over(monkeypatch):
    parsed = []
    monkeypatch.setattr("django.http.cookie.cookies._unquote", lambda value: parsed.append(value) or value)
    environ = RequestFactory().get("/healthz").environ
    environ["HTTP_COOKIE"] = f'csrftoken=b; {LONG}; c="d e"'

    def application(environ, _start_response):
        return [repr(WSGIRequest(environ).COOKIES).encode()]

    content = b"".join(with_plain_fields(application)(environ, lambda *_told: None))
    assert content == repr({"csrftoken": "b", "c": '"d e"'}).encode()
    # The server's own answers, in the chosen language.
    answer = refused.refused(400, "/", f"{LONG}; {conf.settings.LANGUAGE_COOKIE_NAME}=en")
    assert ("Content-Language", "en") in answer[1]
    assert parsed and not any("\\" in value for value in parsed)


def test_what_nobody_sees_is_taken_out_of_a_form_but_of_no_password(visitor, rf):
    odd = "An\u202e \u200bgnp\ufeff\xad"
    assert ask(visitor, data=ASK | {"name": odd, "text": "một\r\nhai\tba \u200d\u2066x"}) == 302
    row = ErasureRequest.rows.get()
    assert (row.name, row.text.split()) == ("An gnp", ["một", "hai", "ba", "\u200dx"])
    request = rf.post("/", {"password": odd, "name": odd})
    ReadableText(lambda _request: None)(request)
    assert (request.POST["password"], request.POST["name"]) == (odd, "An gnp")
