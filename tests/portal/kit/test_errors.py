"""Error pages name the fault and the next step, in the reader's language, in every failure."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path

from quetsach.portal.kit import errors


def crash(request):
    raise RuntimeError("secret detail")


def refuse(request):
    raise PermissionDenied("secret detail")


def odd(request):
    raise SuspiciousOperation("secret detail")


def large(request):
    raise RequestDataTooBig("secret detail")


def post(request):
    return HttpResponse("ok")


urlpatterns = [
    path("crash/", crash),
    path("refuse/", refuse),
    path("odd/", odd),
    path("large/", large),
    path("post/", post),
    path("", include("quetsach.portal.urls")),
]
handler400, handler403, handler404, handler500 = (
    errors.bad_request,
    errors.permission_denied,
    errors.page_not_found,
    errors.server_error,
)


@pytest.fixture
def visitor(settings, db):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("url", "status"),
    [("/crash/", 500), ("/refuse/", 403), ("/odd/", 400), ("/large/", 413), ("/khong-co/", 404)],
)
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.filterwarnings("ignore")
def test_each_status_has_a_page(visitor, url, status, language):
    visitor.cookies["django_language"] = language
    answer = visitor.get(url)
    page = answer.content.decode()
    assert answer.status_code == status and f'<html lang="{language}">' in page
    assert page.count("<h1>") == 1 and page.count("btn-main") == 1
    assert "secret detail" not in page and "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_stale_form_is_explained(visitor, settings):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/post/", {}, headers={"referer": "http://testserver/cd/x/"})
    page = answer.content.decode()
    assert answer.status_code == 403 and "quá lâu" in page and 'href="/cd/x/"' in page


@pytest.mark.parametrize(
    "referrer", ["https://evil.example/", "http://testserver.evil.example/", "javascript:x"]
)
def test_back_never_leaves_the_site(visitor, referrer):
    page = visitor.get("/large/", headers={"referer": referrer}).content.decode()
    assert "evil.example" not in page and "javascript:x" not in page


def test_a_visitor_is_led_through_the_sign_in_to_where_they_wanted(visitor):
    page = visitor.get("/cd/x/cong-van/?a=1&b=2").content.decode()
    assert 'href="/tai-khoan/dang-nhap/?next=%2Fcd%2Fx%2Fcong-van%2F%3Fa%3D1%26b%3D2"' in page


def test_the_500_page_needs_neither_database_nor_manifest(settings, monkeypatch):
    def broken(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", broken)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    settings.DEBUG = False
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500 and "<h1>" in answer.content.decode()


def test_the_sign_of_life(db, client, monkeypatch):
    assert client.get("/healthz").content == b"ok\n"

    def broken(*args, **kwargs):
        raise DatabaseError("host db-7 refused")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        answer = client.get("/healthz")
    assert answer.status_code == 503 and b"db-7" not in answer.content


def test_privacy_is_open_to_all(db, client):
    page = client.get("/rieng-tu/").content.decode()
    assert "12 giờ" in page
