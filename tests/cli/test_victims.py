"""`quetsach victims`: words on the screen, the document, exit codes, and the table of types."""

import json

import pytest

from quetsach.victims import types
from tests.loopback import Quiet, Server, serving

NAME = "2026-03-01-event4_sinkhole-office.csv"
HEAD = "timestamp,src_ip,src_port,src_naics,severity,infection\n"
LINE = "2026-03-01 01:00:00,203.0.113.7,50111,0,critical,qakbot\n"


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv(types.TABLE_SETTING, raising=False)


@pytest.fixture
def report(tmp_path):
    path = tmp_path / NAME
    path.write_text(HEAD + LINE, encoding="utf-8")
    return path


def test_infections_risks_and_leftovers_are_told_apart(quetsach, report, tmp_path):
    risk = tmp_path / "2026-03-01-scan_smb-office.csv"
    risk.write_text("timestamp,ip,port,naics,severity\n2026-03-01 01:00:00,203.0.113.9,445,0,high\n")
    new = tmp_path / "2026-03-01-scan_tomorrow-office.csv"
    new.write_text("timestamp,ip,naics\n2026-03-01 01:00:00,203.0.113.9,0\n")
    code, out, _err = quetsach("victims", report, risk)
    assert code == 1
    assert "1 address with an infected machine." in out and "203.0.113.7  qakbot  01/03/2026 08:00" in out
    assert "Risks, which are no infection: 1." in out and "203.0.113.9 :445  scan_smb" in out
    code, out, _err = quetsach("victims", report, new)
    assert code == 2 and "scan_tomorrow: the type of report is not known" in out


def test_a_bad_line_is_named_with_file_and_line(quetsach, report):
    report.write_text(HEAD + LINE + "2026-03-01 01:00:00,nowhere,1,0,low,x\n")
    code, out, _err = quetsach("victims", report)
    assert code == 2 and f"{report}:3: “nowhere” is no IP address of a machine" in out


def test_a_type_that_says_nothing_is_no_trouble(quetsach, tmp_path):
    path = tmp_path / "2026-03-01-scan_ssh-office.csv"
    path.write_text("timestamp,ip,naics\n2026-03-01 01:00:00,203.0.113.9,0\n")
    code, out, _err = quetsach("victims", path)
    assert code == 0 and "lists what there is" in out


def test_a_file_that_is_no_report_stops_no_other(quetsach, report, tmp_path):
    other = tmp_path / "list.csv"
    other.write_text("C2,port\n198.51.100.9,443\n")
    code, out, err = quetsach("victims", other, tmp_path / "gone.csv", report)
    assert code == 2 and "203.0.113.7" in out
    assert "list.csv: no column of infected addresses" in err and "gone.csv" in err


def test_the_document_holds_every_line(quetsach, report, tmp_path):
    report.write_text(HEAD + LINE + "soon,203.0.113.8,1,0,low,x\n")
    code, out, _err = quetsach("victims", report, "-o", "-")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [record["type"] for record in records] == ["victims", "report", "leftover", "end"]
    assert records[1]["address"] == "203.0.113.7" and records[2] == {
        "type": "leftover", "line": 3, "code": "time", "value": "soon",
    }  # fmt: skip
    assert records[3] == {
        "type": "end",
        "reports": 1,
        "leftovers": 1,
        "whole": {"lines": 2, "left": {"time": 1}},
    }


TAKEN = {"new": 1, "unchanged": 0, "new_cases": 1, "risks": 0, "not_ours": 0, "rejected": [], "url": "x"}


def test_a_push_carries_the_token_in_its_header_and_tells_the_answer(quetsach, report, portal, tmp_path):
    token = tmp_path / "token"
    token.write_text("qs_secret-secret")
    portal.answers = [(200, TAKEN)]
    code, _out, err = quetsach("victims", report, "--push", portal.url, "--token-file", token)
    assert code == 1 and "1 new case, 0 risks," in err
    assert portal.tokens == ["Bearer qs_secret-secret"]
    assert json.loads(portal.bodies[0].splitlines()[1])["address"] == "203.0.113.7"
    portal.answers = [(401, {"code": "token"})]
    code, out, err = quetsach("victims", report, "--push", portal.url, "--token-file", token)
    assert code == 3 and "secret-secret" not in out + err


@pytest.mark.parametrize("wrong", [["--push", "https://x"], ["--tz", "Moon"], ["--day", "soon"], []])
def test_a_wrong_command_line_ends_with_2(quetsach, report, wrong):
    assert quetsach("victims", *([report, *wrong] if wrong else ["--tz", "UTC"]))[0] == 2


# --- the table of types ---

SCHEMA = {
    "scan_tomorrow": {"classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system",
                      "fields": ["timestamp", "ip"]},
}  # fmt: skip


def test_a_new_table_takes_the_place_of_the_old_and_says_what_changed(quetsach, tmp_path):
    schema = tmp_path / "reports.json"
    schema.write_text(json.dumps(SCHEMA))
    code, out, _err = quetsach("victims", "update", schema)
    assert code == 0 and "New: scan_tomorrow, exposed or weak service" in out and "Gone: scan_smb" in out
    path = tmp_path / "2026-03-01-scan_tomorrow-office.csv"
    path.write_text("timestamp,ip,naics\n2026-03-01 01:00:00,203.0.113.9,0\n")
    assert quetsach("victims", path)[0] == 1


def test_another_file_changes_no_table(quetsach, tmp_path):
    schema = tmp_path / "reports.json"
    schema.write_text("<html>")
    code, _out, err = quetsach("victims", "update", schema)
    assert code == 2 and "is not the file reports.json" in err
    assert not types.own_table().exists()


@pytest.fixture
def web():
    """A server on this machine: path to (status, headers, body)."""
    pages = {}

    class Handler(Quiet):
        def do_GET(self):
            status, headers, body = pages[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Server(Handler)) as server:
        yield server.url, pages


def test_the_table_is_fetched_bounded_and_without_a_redirect(quetsach, web, monkeypatch):
    address, pages = web
    pages["/ok"] = (200, {}, json.dumps(SCHEMA).encode())
    pages["/moved"] = (302, {"Location": "http://127.0.0.2/x"}, b"")
    pages["/gone"] = (404, {}, b"")
    assert quetsach("victims", "update", f"{address}/ok")[0] == 0
    code, _out, err = quetsach("victims", "update", f"{address}/moved")
    assert code == 2 and "has moved" in err and "127.0.0.2" in err
    assert quetsach("victims", "update", f"{address}/gone")[0] == 2
    monkeypatch.setattr(types, "MOST_BYTES", 10)
    code, _out, err = quetsach("victims", "update", f"{address}/ok")
    assert code == 2 and "larger than any" in err
    code, _out, err = quetsach("victims", "update", "http://192.0.2.1/reports.json")
    assert code == 2 and "only https" in err
