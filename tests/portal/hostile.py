"""Requests that no browser sends: forms with every field, and with values that no field expects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.db import connection, models, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import pre_save
from django.http import QueryDict
from django.test import Client
from django.test.client import ClientHandler
from django.utils.datastructures import MultiValueDict

LONG = "ạ" + "a" * 100_000
"""More than any column holds, and than SQLite looks for."""
TAKEN = "Ví dụ"
"""A value that text boxes accept, so that it reaches the following page."""
WRONG = {
    "number": "99999999999999999999",
    "digits": "9" * 5_000,  # more digits than Python reads as a number
    "first day": "0001-01-01",
    "last day": "31/12/9999",
}
"""Values for boxes of numbers, days, choices and ids."""


class Whatever(QueryDict):
    """A form that holds `known`, and `value` in every other field that a view reads."""

    def __init__(self, value: str, known: dict[str, str]) -> None:
        super().__init__(mutable=True)
        self.value = value
        for name, text in known.items():  # update() asks whether a field is there already, which all are
            self.setlist(name, [text])

    def _has(self, key: str) -> bool:
        return dict.__contains__(self, key)

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key) if self._has(key) else self.value

    def getlist(self, key: str, default: list[str] | None = None) -> list[str]:
        return super().getlist(key) if self._has(key) else [self.value]


class _Handler(ClientHandler):
    query: QueryDict | None = None
    form: QueryDict | None = None

    def get_response(self, request):
        if self.query is not None:
            request.GET = self.query
        if self.form is not None:
            form = self.form

            def load() -> None:  # as Django, when a page reads it: upload handlers may be set before
                request._post, request._files = form, MultiValueDict()

            request._load_post_and_files = load
        return super().get_response(request)


class Stranger(Client):
    """A client whose requests are all rolled back, in the database and in its cookies."""

    def __init__(self, signed_in: Client | None = None) -> None:
        super().__init__(raise_request_exception=False)
        self.handler = _Handler(enforce_csrf_checks=False)
        self.followed = 0
        if signed_in is not None:
            self.cookies = signed_in.cookies

    def ask(self, url: str, *, query: QueryDict | None = None, form: QueryDict | None = None):
        """The answer, read to its end. With a form it is a POST, and then the page that it redirects to."""
        self.handler.query, self.handler.form = query, form
        cookies = deepcopy(self.cookies)
        with transaction.atomic():
            answer = self.get(url) if form is None else self.post(url)
            if form is not None and answer.status_code in {302, 303} and answer.url.startswith("/"):
                self.handler.query = self.handler.form = None
                answer = self.get(answer.url)
                self.followed += 1
            # Reading it to its end closes it; closing it again would close the database's connection.
            answer.body = b"".join(answer)
            transaction.set_rollback(True)
        self.cookies = cookies
        return answer


@dataclass
class Form:
    """A form of a page: `kept` are hidden fields and buttons; `texts` and `others` are the fields to fill in,
    with their present values."""

    action: str
    kept: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def ways(self) -> Iterator[dict[str, str]]:
        """The form's data, once for each button."""
        for button in self.buttons or [("", "")]:
            yield {**self.kept, **({button[0]: button[1]} if button[0] else {})}


_LIKELY = {"number": "1", "date": "2026-01-02", "month": "2026-01", "email": "a@example.org"}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.open: Form | None = None
        self.select = ""

    def handle_starttag(self, tag, attrs):
        told = {name: value or "" for name, value in attrs}
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "form":
            self.open = Form(told.get("action", "")) if told.get("method", "").lower() == "post" else None
            if self.open is not None:
                self.found.append(self.open)
        elif self.open is None:
            return
        elif tag == "button" and name:
            self.open.buttons.append((name, value))
        elif tag == "textarea" and name:
            self.open.texts[name] = ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            if value or self.select not in self.open.others:
                self.open.others.setdefault(self.select, value)
                self.open.others[self.select] = self.open.others[self.select] or value
        elif tag == "input" and name and told.get("type") != "file":
            kind = told.get("type", "text")
            if kind == "hidden":
                self.open.kept[name] = value
            elif kind == "submit":
                self.open.buttons.append((name, value))
            elif kind in {"text", "search", "tel", "password", "url"} and not told.get("inputmode"):
                self.open.texts[name] = value
            else:
                self.open.others[name] = value or _LIKELY.get(kind, "1")

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""


def forms_of(page: bytes) -> list[Form]:
    """The forms of a page that change data."""
    parser = _Forms()
    parser.feed(page.decode())
    return parser.found


class NotKeptError(Exception):
    """PostgreSQL would have refused a value that SQLite takes."""


_SPOILT_JSON = re.compile(
    r"(?<!\\)(?:\\\\)*\\u(?:0000|d[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..\\u)d[c-f]..)", re.I
)


def _refuse(execute, sql, params, many, context):
    for row in params or () if many else [params or ()]:
        for value in row.values() if isinstance(row, dict) else row:
            if isinstance(value, str):
                if "\0" in value:
                    raise NotKeptError(f"NUL in {value[:40]!r}")
                value.encode()  # no database stores half a character
                if value[:1] in {"{", "[", '"'} and _SPOILT_JSON.search(value):
                    raise NotKeptError(f"no JSON of PostgreSQL: {value[:200]!r}")
    return execute(sql, params, many, context)


def _fits(sender, instance, **_):
    for one in sender._meta.concrete_fields:
        if one.generated:
            continue  # the database makes it
        value = getattr(instance, one.attname)
        if isinstance(one, models.CharField) and one.max_length and len(str(value or "")) > one.max_length:
            raise NotKeptError(f"{sender.__name__}.{one.name}: {len(str(value))} > {one.max_length}")
        span = BaseDatabaseOperations.integer_field_ranges.get(one.get_internal_type())
        if span and isinstance(value, int) and not span[0] <= value <= span[1]:
            raise NotKeptError(f"{sender.__name__}.{one.name}: {value}")


@contextmanager
def as_strict_as_postgres() -> Iterator[None]:
    """PostgreSQL's refusals on SQLite, too: NUL, half characters, texts and numbers too long."""
    pre_save.connect(_fits, dispatch_uid="tests.fits")
    try:
        with connection.execute_wrapper(_refuse):
            yield
    finally:
        pre_save.disconnect(dispatch_uid="tests.fits")
