"""`quetsach push`: retries passing failures, explains the others, adds the answers up."""

import io
from pathlib import Path

import pytest
from urllib3 import HTTPResponse

from quetsach.results import push
from quetsach.sightings import scanfile, sighting
from tests.cli.answering import Portal
from tests.command_line import Run
from tests.outputs import cast

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "result.jsonl"
    rows = [cast.SIGHTINGS[0]._replace(device=f"10.0.0.{n}") for n in range(40)]
    with path.open("wb") as out:
        sighting.write(out, cast.report().result.scan, rows, cast.COVERAGE)
    return path


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_portal_that_is_busy_is_asked_again(
    quetsach: Run, saved: Path, portal: Portal, token: Path, status: int
) -> None:
    portal.answers = [(status, {}), (status, {}), (200, {"new": 40})]
    code, _out, err = quetsach("push", saved, "--push", portal.url, "--token-file", token)
    assert code == 0
    assert len(portal.bodies) == 3
    assert len(set(portal.bodies)) == 1
    assert "40 new, 0 updated, 0 already known" in err


def test_a_portal_cannot_make_a_push_wait_for_days() -> None:
    retries = push.pool(3).connection_pool_kw["retries"]
    assert retries.get_retry_after(HTTPResponse(headers={"Retry-After": "99999999"})) == 15


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not know this token"),
        (403, "may not push"),
        (404, "no portal at this address"),
        (302, "has moved to http://127.0.0.2/elsewhere"),
        (413, "8 MiB"),
        (422, "refused the result: HTTP 422 schema: made by another version"),
        (500, "The portal failed"),
    ],
)
def test_a_refusal_is_explained_and_not_repeated(
    quetsach: Run, saved: Path, portal: Portal, token: Path, status: int, said: str
) -> None:
    portal.answers = [(status, {"code": "schema", "reason": "made by another version"})]
    code, out, err = quetsach("push", saved, "--push", portal.url, "--token-file", token)
    assert code == 3
    assert said in err
    assert len(portal.bodies) == 1
    assert "qs_secret" not in out + err


def test_a_portal_out_of_reach_is_named_without_the_token(quetsach: Run, saved: Path, token: Path) -> None:
    code, out, err = quetsach("push", saved, "--push", "http://127.0.0.1:9", "--token-file", token)
    assert code == 3
    assert "127.0.0.1:9 cannot be reached" in err
    assert "qs_secret" not in out + err


def test_an_answer_that_is_no_portal_s_is_not_taken_for_success(
    quetsach: Run, saved: Path, portal: Portal, token: Path
) -> None:
    for answer in ([], {"new": "many"}, {"rejected": [{"line": "x"}]}):
        portal.answers = [(200, answer)]
        assert quetsach("push", saved, "--push", portal.url, "--token-file", token)[0] == 3


@pytest.mark.parametrize(
    "url", ["quetsach.example", "ftp://x", "http://", "http://a@b/", "http://x:99999", "http://x/?a=1"]
)
def test_an_odd_address_is_refused_before_anything_is_sent(
    quetsach: Run, saved: Path, token: Path, url: str
) -> None:
    code, _out, err = quetsach("push", saved, "--push", url, "--token-file", token)
    assert code == 3
    assert "Not the address of a portal" in err


def test_an_incomplete_file_is_not_sent(quetsach: Run, saved: Path, portal: Portal, token: Path) -> None:
    saved.write_bytes(b"".join(saved.read_bytes().splitlines(keepends=True)[:-1]))
    code, _out, err = quetsach("push", saved, "--push", portal.url, "--token-file", token)
    assert code == 3
    assert "incomplete" in err
    assert not portal.bodies


def test_chunks_are_added_up_and_rejects_name_the_line_of_the_file(
    saved: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "CHUNK_BYTES", 6000)
    portal.answers = [
        (200, {"new": 3, "updated": 2, "unchanged": 1, "rejected": [{"line": 2, "code": "c", "reason": "r"}]})
    ]
    seen: list[tuple[int, int]] = []
    with saved.open("rb") as document:
        result = push.push(
            document, portal.url + "/", "qs_secret", lambda sent, total: seen.append((sent, total))
        )
    chunks = len(portal.bodies)
    assert chunks > 2
    assert (result.new, result.updated, result.unchanged) == (3 * chunks, 2 * chunks, chunks)
    lines = saved.read_bytes().splitlines()
    for body, rejected in zip(portal.bodies, result.rejected, strict=True):
        assert body.splitlines()[1] == lines[rejected.line - 1]
    assert seen[-1][0] <= seen[-1][1] == saved.stat().st_size
    coverage = [
        sum(isinstance(r, sighting.Coverage) for _, r in scanfile.read(io.BytesIO(b))) for b in portal.bodies
    ]
    assert coverage == [0] * (chunks - 1) + [3]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            {"machines": 2, "machines_unlisted": 0, "new_cases": 1, "url": "https://qs.example/may/1/"},
            "2 machines, 1 new case: https://qs.example/may/1/",
        ),
        (
            {"machines": 1, "machines_unlisted": 1, "new_cases": 0, "url": "https://qs.example/may/"},
            "1 machine, no new case: https://qs.example/may/\n1 machine called only addresses",
        ),
        ({"machines": "2\x1b[2J"}, "1 new, 0 updated, 0 already known."),
        (
            {"machines": 1, "machines_unlisted": 0, "new_cases": 1, "url": "https://qs.example/\x1b[2J"},
            "1 machine, 1 new case: https://qs.example/\\x1b[2J",
        ),
    ],
)
def test_the_answer_is_told_in_machines(
    quetsach: Run, saved: Path, portal: Portal, token: Path, told: dict[str, object], says: str
) -> None:
    portal.answers = [(200, told)]
    code, _out, err = quetsach("push", saved, "--push", portal.url, "--token-file", token)
    assert code == 0 and says in err


def test_a_machine_in_several_chunks_is_one_machine(
    saved: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "CHUNK_BYTES", 6000)
    portal.answers = [(200, {"machines": 5, "machines_unlisted": 0, "new_cases": 1, "url": "https://a/"})]
    names = {
        record.device
        for _, record in scanfile.read(io.BytesIO(saved.read_bytes()))
        if isinstance(record, sighting.Sighting)
    }
    with saved.open("rb") as document:
        result = push.push(document, portal.url, "qs_secret")
    assert len(portal.bodies) > 2 and result.machines == len(names - {None})
    assert result.new_cases == len(portal.bodies)


@pytest.mark.parametrize(
    ("url", "is_clear"),
    [
        ("http://quetsach.example", True),
        ("https://quetsach.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:80", False),
    ],
)
def test_a_token_on_an_open_line_is_noticed(url: str, is_clear: bool) -> None:
    assert push.is_in_the_clear(url) is is_clear


def _left_out(*lines: tuple[int, str, str]) -> list[dict[str, object]]:
    return [{"line": line, "code": code, "reason": reason} for line, code, reason in lines]


def test_nothing_taken_is_a_failure_and_some_left_out_is_something_to_look_at(
    quetsach: Run, saved: Path, portal: Portal, token: Path
) -> None:
    """A script that reads only the exit code must not delete a result that the portal did not take."""
    lines = _left_out((2, "malformed", "day is missing"), (3, "date", "day is not between 2000 and 2030"))
    for new, code_wanted in ((0, 3), (38, 1)):
        portal.answers = [(200, {"new": new, "rejected": lines})]
        code, _out, err = quetsach("push", saved, "--push", portal.url, "--token-file", token)
        assert code == code_wanted
        assert "line 2: “day” breaks the agreed form" in err
        assert ("took nothing of this result" in err) == (not new)
    portal.answers = [(200, {"new": 0, "unchanged": 40})]
    assert quetsach("push", saved, "--push", portal.url, "--token-file", token)[0] == 0


def test_what_the_portal_refuses_is_told_in_vietnamese(
    quetsach: Run, saved: Path, portal: Portal, token: Path
) -> None:
    reasons = (
        ("malformed", "count is not a whole number from 1"),
        ("too_long", "family is longer than 200 characters"),
        ("date", "day is not between 2000-01-01 and 2100-01-01"),
        ("count", "count is above 9"),
    )
    portal.answers = [(200, {"new": 1, "rejected": _left_out(*((2, *one) for one in reasons))})]
    sent = ("push", saved, "--push", portal.url, "--token-file", token, "--lang", "vi")
    _code, _out, err = quetsach(*sent)
    assert "“count” sai dạng quy ước" in err
    assert not any(reason in err for _code, reason in reasons)
    portal.answers = [(422, {"code": "schema", "reason": "made by another version"})]
    _code, _out, err = quetsach(*sent)
    assert "HTTP 422 schema: tệp do phiên bản khác" in err and "another version" not in err
