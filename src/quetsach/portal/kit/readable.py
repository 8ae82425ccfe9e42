"""Refuses requests with characters that no person typed, before any page reads them.

NUL and half characters (lone surrogates, which JSON and odd encodings can bring) cannot be stored in a
database: a page that did would fail there, or when it is next read. Browsers send neither. Nobody types more
than 30 marks on one letter: comparing such text takes the square of their number.

Characters that nobody sees are taken out of what a form brings, here and once for all pages: marks that turn
the direction of text or take no room let a name read as another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict

from quetsach.text.marks import is_piled
from quetsach.text.typed import without_unseen

UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}
"""Encodings whose texts are UTF-8. Others can spell characters that UTF-8 cannot; our pages never use
them."""
LONGEST_TYPE = 1_000


def is_readable(text: str) -> bool:
    """Whether a database can keep the text and people read it: no NUL, no half of a character, no pile of
    marks."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not is_piled(text)


class ReadableText:
    """Answers 400 to unreadable text in address, query, cookies, fields and file names.

    Fields are checked when a page first asks for them, so that a body is not read earlier than before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.casefold() not in UTF_8:
            raise BadRequest("a charset other than UTF-8")
        _check([request.path_info, unquote(request.META.get("QUERY_STRING", "")), *request.COOKIES.values()])
        form: Any = request  # Django's form data before a page asks for them
        load = form._load_post_and_files

        def load_checked() -> None:
            load()
            post, files = form._post, form._files
            texts = [*post, *(value for values in dict.values(post) for value in values), *files]
            names = [file.name or "" for _field, many in files.lists() for file in many]
            try:
                _check([*texts, *names])
            except BadRequest:
                # The error page asks for the fields once more.
                form._post, form._files = QueryDict(), MultiValueDict()
                raise
            for name, values in dict.items(post):
                if "password" not in name:
                    values[:] = map(without_unseen, values)

        form._load_post_and_files = load_checked
        return self.get_response(request)


def _check(texts: Iterable[str]) -> None:
    if not all(map(is_readable, texts)):
        raise BadRequest("text that cannot be kept")


def without_escapes(cookies: str) -> str:
    """A Cookie field without cookies that hold a backslash: no cookie of the portal has one, and RFC 6265
    does not allow it. Python 3.12.1 takes quadratic time for a quoted cookie full of them, seconds for one
    that fits into a head."""
    return ";".join(one for one in cookies.split(";") if "\\" not in one)


def with_plain_fields(application: WSGIApplication) -> WSGIApplication:
    """Drops a Content-Type on which Django fails before it answers anything: overlong, or with an encoded
    parameter (RFC 2231), which no browser sends. The request then holds no form. Also drops cookies with
    escapes."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        content_type = environ.get("CONTENT_TYPE", "")
        if len(content_type) > LONGEST_TYPE or "*" in content_type.partition(";")[2]:
            environ["CONTENT_TYPE"] = ""
        if "HTTP_COOKIE" in environ:
            environ["HTTP_COOKIE"] = without_escapes(environ["HTTP_COOKIE"])
        return application(environ, start_response)

    return answer
