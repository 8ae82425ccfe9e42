"""A web server in front ends HTTPS; only its word about address and protocol is believed."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_network

import pytest

PROXY = "10.0.0.5"


@pytest.fixture
def behind_a_proxy(settings):
    settings.TRUSTED_PROXIES = [ip_network(PROXY)]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600


def ask(client, address: str, **said: str):
    return client.get("/", REMOTE_ADDR=address, **said)


def test_who_came_by_https_is_not_sent_in_a_circle(client, db, behind_a_proxy):
    answer = ask(client, PROXY, HTTP_X_FORWARDED_PROTO="https")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600"


def test_who_came_by_http_is_sent_to_https(client, db, behind_a_proxy):
    answer = ask(client, PROXY, HTTP_X_FORWARDED_PROTO="http")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/")


def test_of_several_protocols_the_proxy_s_own_counts(client, db, behind_a_proxy):
    assert ask(client, PROXY, HTTP_X_FORWARDED_PROTO="https, http").status_code == 301
    assert ask(client, PROXY, HTTP_X_FORWARDED_PROTO="http, https").status_code == 200


def test_a_visitor_who_says_so_is_not_believed(client, db, behind_a_proxy):
    assert ask(client, "203.0.113.9", HTTP_X_FORWARDED_PROTO="https").status_code == 301


def settings_with(**given: str) -> subprocess.CompletedProcess[str]:
    names = "SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE"
    script = f"from quetsach.portal.settings import *; print(*({names}), SECURE_HSTS_SECONDS)"
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("QUETSACH_")}
    return subprocess.run(
        [sys.executable, "-c", script], env=surroundings | given, capture_output=True, text=True, check=False
    )


def test_with_https_no_other_host_can_plant_a_cookie(tmp_path):
    told = settings_with(
        QUETSACH_DATA_DIR=str(tmp_path / "data"), QUETSACH_HTTPS="1", QUETSACH_TRUSTED_PROXIES=PROXY
    )
    assert told.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", "True", "31536000"]


def test_https_without_a_proxy_to_believe_stops_the_start(tmp_path):
    told = settings_with(QUETSACH_DATA_DIR=str(tmp_path / "data"), QUETSACH_HTTPS="1")
    assert told.returncode and "QUETSACH_TRUSTED_PROXIES" in told.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")
def test_nobody_else_on_the_machine_reads_the_data_folder(tmp_path):
    assert not settings_with(QUETSACH_DATA_DIR=str(tmp_path / "data")).stderr
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
