"""A bad request costs the log one line."""

import logging

import pytest

from quetsach.portal.kit.masking import WithoutTracesOfStrangers


@pytest.fixture
def written():
    lines = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    handler = Kept()
    handler.addFilter(WithoutTracesOfStrangers())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "host"),
    [("/", "evil.example"), ("/", "a_b:x"), ("/%00", "testserver"), ("/?a=%00", "testserver")],
)
def test_a_bad_request_is_one_line(client, settings, written, path, host):
    settings.ALLOWED_HOSTS = ["testserver"]
    client.raise_request_exception = False
    answer = client.get(path, headers={"host": host})
    assert answer.status_code in (400, 404)
    assert written, "the refusal stands in the log"
    assert all("Traceback" not in line and "\n" not in line for line in written), written


def test_a_fault_of_ours_keeps_its_trace(written):
    try:
        raise ValueError("ours")
    except ValueError:
        logging.getLogger("django.request").error("x", exc_info=True, extra={"status_code": 500})
    assert "Traceback" in written[0]
