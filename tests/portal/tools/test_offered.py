"""The log scanner with its signature, and second opinions that the campaign chooses."""

import base64
import hashlib
import subprocess
import zipfile
from datetime import date
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from tools.sign_file import sign_beside

from quetsach.endpoint import keys
from quetsach.portal.audit.models import Entry
from quetsach.portal.tools.models import RemovalTool, Scanner
from quetsach.portal.tools.start import starting_list
from tests.portal.page_text import text_of
from tests.portal.tools.test_tools_page import build

NAME = "quetsach-0.1.0-cp312-abi3-manylinux_2_34_x86_64.whl"
FIELDS = {"family": "", "name": "Second look", "vendor": "Example Labs", "version": "", "sha256": "",
          "link": "https://example.org/look", "looked_on": "20/11/2026", "note": ""}  # fmt: skip


def wheel(folder, name=NAME, code=b"print(1)\n", *, told=None, secret=b"k" * 32):
    """A wheel by PEP 427, written by hand, signed by a key of the test."""
    folder.mkdir(exist_ok=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(told or code).digest()).rstrip(b"=").decode()
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("quetsach/__init__.py", code)
        record = f"quetsach/__init__.py,sha256={digest},{len(code)}\nquetsach-0.1.0.dist-info/RECORD,,\n"
        archive.writestr("quetsach-0.1.0.dist-info/RECORD", record)
    sign_beside(path, secret)
    return path


def visit(name="tools", *args, client=None, language="en"):
    client = client or Client()
    client.cookies["django_language"] = language
    answer = client.get(reverse(name, args=args))
    if getattr(answer, "streaming", False):
        return b"".join(answer.streaming_content)
    return answer.content if name == "scanner_file" else answer.content.decode()


def test_a_visitor_downloads_the_scanner_and_openssl_alone_verifies_it(db, tmp_path):
    file = wheel(tmp_path / "dist")
    call_command("publish_scanner", str(file), verbosity=0)
    page = visit()
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    signer = keys.fingerprint(keys.public("signing", b"k" * 32))
    for told in (sha256, signer, "0.1.0", "Linux x86_64", "quetsach scan ", f"{NAME}.sig"):
        assert told in page, told
    assert "test build" not in page and "choice 3" not in page, "no stick is offered yet"
    assert f"{sha256}  {NAME}" in visit("tools_sums")
    got = tmp_path / "got"
    got.mkdir()
    for name in (NAME, f"{NAME}.sig", f"{NAME}.pem"):
        got.joinpath(name).write_bytes(visit("scanner_file", name))
    assert got.joinpath(NAME).read_bytes() == file.read_bytes()
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{NAME}.pem", "-rawin", "-in", NAME,
               "-sigfile", f"{NAME}.sig"]  # fmt: skip
    assert " ".join(command) in page, "the page names this very command"
    assert subprocess.run(command, cwd=got, capture_output=True, check=False).returncode == 0
    got.joinpath(NAME).write_bytes(file.read_bytes() + b"x")
    assert subprocess.run(command, cwd=got, capture_output=True, check=False).returncode != 0


@pytest.mark.usefixtures("in_english")
def test_only_a_scanner_as_it_was_built_and_signed_is_offered(db, tmp_path):
    right = wheel(tmp_path / "dist", secret=keys.TEST_SECRET)
    for _twice in range(2):
        call_command("publish_scanner", str(right), verbosity=0)
    assert Scanner.objects.get().is_test_build and "test build" in visit()
    other = tmp_path / "other"
    changed = wheel(other, code=b"print(2)\n", told=b"print(1)\n")
    with pytest.raises(CommandError, match=r"__init__\.py was changed"):
        call_command("publish_scanner", str(changed), verbosity=0)
    newer = wheel(other, code=b"print(2)\n")
    with pytest.raises(CommandError, match="raise the version"):
        call_command("publish_scanner", str(newer), verbosity=0)
    newer.with_name(f"{NAME}.sig").write_bytes(right.with_name(f"{NAME}.sig").read_bytes())
    with pytest.raises(CommandError, match="signature does not hold"):
        call_command("publish_scanner", str(newer), verbosity=0)
    newer.with_name(f"{NAME}.sig").unlink()
    with pytest.raises(CommandError, match=r"\.sig"):
        call_command("publish_scanner", str(newer), verbosity=0)
    for name, said in (("scanner.whl", "is not named"), (NAME.replace("0.1.0", "0.1.1"), "is no wheel")):
        path = other / name
        path.write_bytes(b"PK")
        with pytest.raises(CommandError, match=said):
            call_command("publish_scanner", str(path), verbosity=0)
    assert Scanner.objects.count() == 1


def test_a_newer_scanner_takes_the_place_of_the_older_for_its_system_alone(db, tmp_path):
    arm = NAME.replace("x86_64", "aarch64")
    for name in (NAME, arm, NAME.replace("0.1.0", "0.2.0")):
        call_command("publish_scanner", str(wheel(tmp_path / "dist", name)), verbosity=0)
    page = visit()
    assert "Linux aarch64" in page and arm in page
    assert NAME.replace("0.1.0", "0.2.0") in page and NAME not in page
    assert Client().get(reverse("scanner_file", args=[NAME])).status_code == 404


@pytest.mark.usefixtures("in_english")
def test_scanners_to_carry_are_offered_before_those_to_install(db, tmp_path):
    name = "quetsach-scanner-windows-0.1.0-test.zip"
    on_windows = build(tmp_path / name, {"QUET.cmd": b"@echo off"})
    on_linux = tmp_path / "quetsach-scanner-linux-x86_64-0.1.0.zip"
    with zipfile.ZipFile(on_linux, "w") as archive:
        archive.writestr("quetsach-scanner-linux-x86_64-0.1.0/quet.sh", b"#!/bin/sh")
    for file in (on_windows, on_linux):
        sign_beside(file, b"k" * 32)
    to_install = (
        wheel(tmp_path / "dist"),
        wheel(tmp_path / "dist", NAME.replace("manylinux_2_34_x86_64", "win_amd64")),
    )
    for file in (*to_install, on_linux, on_windows):
        call_command("publish_scanner", str(file), verbosity=0)
    page = visit()
    assert "Windows x86_64, nothing to install" in page and f"certutil -hashfile {name} SHA256" in page
    assert "Linux x86_64, nothing to install" in page and "sh quet.sh " in page and "QUET.cmd" in page
    assert page.index(name) < page.index(on_linux.name) < min(page.index(file.name) for file in to_install)
    assert visit("scanner_file", name) == on_windows.read_bytes()
    assert f"{hashlib.sha256(on_linux.read_bytes()).hexdigest()}  {on_linux.name}" in visit("tools_sums")
    changed = build(tmp_path / "dist" / name, {"QUET.cmd": b"@echo on"}, {"QUET.cmd": b"@echo off"})
    cut = tmp_path / "dist" / on_linux.name
    cut.write_bytes(on_linux.read_bytes()[:-30])
    for file, said in ((changed, "QUET.cmd was changed"), (cut, "no ZIP file")):
        sign_beside(file, b"k" * 32)
        with pytest.raises(CommandError, match=said):
            call_command("publish_scanner", str(file), verbosity=0)
    assert Scanner.objects.count() == 4


def test_the_page_is_never_without_a_second_opinion_and_says_who_named_it(cast):
    page = visit()
    for tool in starting_list():
        assert tool.link.replace("&", "&amp;") in page and tool.name in page
    assert page.count("Suggested by this portal") == len(starting_list())
    editor = cast.client("centre", "coordinator")
    editor.post(reverse("tools_edit", args=["lam-sach"]), FIELDS)
    page = visit()
    assert "https://example.org/look" in page and "20/11/2026" in page
    assert "Suggested by this portal" not in page and starting_list()[0].link not in page


def test_the_starting_list_becomes_the_campaigns_own_and_what_was_taken_off_stays_off(cast):
    editor, start = cast.client("centre", "coordinator"), reverse("tools_start", args=["lam-sach"])
    edit = reverse("tools_edit", args=["lam-sach"])
    assert start in editor.get(edit).content.decode()
    for _twice in range(2):
        assert editor.post(start).status_code == 302
    rows = RemovalTool.rows.filter(campaign=cast.campaign)
    assert sorted(rows.values_list("name", flat=True)) == sorted(tool.name for tool in starting_list())
    assert Entry.objects.filter(action="tool.vouch").count() == len(starting_list())
    off = rows.get(name="ESET Online Scanner")
    editor.post(reverse("tool_withdraw", args=["lam-sach", off.pk]))
    editor.post(start)
    page = visit()
    assert "ESET" not in page and "Microsoft Safety Scanner" in page
    assert start not in editor.get(edit).content.decode()


def test_a_note_of_the_starting_list_is_read_in_the_readers_language_and_others_as_typed(cast):
    editor = cast.client("centre", "coordinator")
    editor.cookies["django_language"] = "vi"
    editor.post(reverse("tools_start", args=["lam-sach"]))
    typed = RemovalTool.rows.filter(campaign=cast.campaign).first()
    RemovalTool.rows.filter(pk=typed.pk).update(note="Chỉ dùng cho máy chủ.")
    for language, others in (("vi", "en"), ("en", "vi")):
        visitor = Client()
        visitor.cookies["django_language"] = language
        page = text_of(visitor.get(reverse("tools")))
        assert "Chỉ dùng cho máy chủ." in page
        for tool in starting_list():
            if tool.name != typed.name:
                assert tool.notes[language] in page and tool.notes[others] not in page


def test_the_makers_of_the_start_are_named_by_their_own_sites_and_a_day():
    makers = {"Microsoft": "microsoft.com", "ESET": "eset.com", "Kaspersky": "kaspersky.com"}
    tools = starting_list()
    assert sum(tool.vendor == "Microsoft" for tool in tools) == 2 and len(tools) >= 4
    for tool in tools:
        parts = urlsplit(tool.link)
        assert parts.scheme == "https" and (parts.hostname or "").endswith(f".{makers[tool.vendor]}")
        assert date(2026, 1, 1) <= tool.looked_on and set(tool.notes) == {"vi", "en"}


def test_a_file_needs_a_checksum_and_an_address_does_not(cast):
    editor, url = cast.client("centre", "coordinator"), reverse("tools_edit", args=["lam-sach"])
    file = SimpleUploadedFile("look.exe", b"MZ")
    assert editor.post(url, {**FIELDS, "file": file}).status_code == 422
    assert editor.post(url, {**FIELDS, "looked_on": "31/02/2026"}).status_code == 422
    assert editor.post(url, FIELDS).status_code == 302
    tool = RemovalTool.rows.get()
    assert (tool.sha256, tool.bytes, tool.looked_on) == ("", 0, date(2026, 11, 20))


def test_who_runs_the_campaign_is_told_what_is_missing_and_visitors_are_not(cast, tmp_path):
    asked = {name: cast.client(*name) for name in (("centre", "coordinator"), ("A", "coordinator"))}
    told = "publish_scanner"
    assert told in visit(client=asked["centre", "coordinator"])
    assert told not in visit(client=asked["A", "coordinator"]) and told not in visit()
    call_command("publish_scanner", str(wheel(tmp_path / "dist")), verbosity=0)
    page = visit(client=asked["centre", "coordinator"])
    assert told in page and "./dev stick --kind scanner" in page, "none is there to carry"
    carried = build(tmp_path / "quetsach-scanner-windows-0.1.0-test.zip", {"QUET.cmd": b"@echo off"})
    sign_beside(carried, b"k" * 32)
    call_command("publish_scanner", str(carried), verbosity=0)
    page = visit(client=asked["centre", "coordinator"])
    assert told not in page and "publish_stick" in page
    assert reverse("tools_edit", args=["lam-sach"]) in page
