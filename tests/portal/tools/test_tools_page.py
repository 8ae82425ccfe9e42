"""The public tools page: its offers, their checksums, and the rights to change them."""

import hashlib
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from nacl.signing import SigningKey

from quetsach.endpoint import manifest
from quetsach.portal.audit.models import Entry
from quetsach.portal.tools.models import RemovalTool, Stick
from quetsach.text.language import translator

CONTENT = b"MZ a removal tool"
FIELDS = {
    "family": "ramnit", "name": "RamnitRemover", "vendor": "Example Labs", "version": "1.2",
    "sha256": hashlib.sha256(CONTENT).hexdigest(), "link": "https://example.org/tool", "note": "",
}  # fmt: skip


def build(path, files, told=None, *, is_test=True):
    """A ZIP as the builder of the stick makes it, signed with a key of the test."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in (told or files).items()}
    listed = manifest.write(manifest.Manifest("0.1.0", is_test, digests, ()), b"k" * 32)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, manifest.NAME: listed}.items():
            archive.writestr(f"quetsach-stick-0.1.0-test/{name}", data)
    return path


@pytest.fixture
def stick_file(tmp_path):
    return build(tmp_path / "quetsach-stick-0.1.0-test.zip", {"KIEM-TRA.cmd": b"@echo off"})


def test_a_visitor_downloads_the_stick_and_can_compare_it(db, stick_file):
    visitor = Client()
    visitor.cookies["django_language"] = "en"
    assert visitor.get(reverse("tools")).status_code == 200, "also before there is one"
    call_command("publish_stick", str(stick_file), verbosity=0)
    sha256 = hashlib.sha256(stick_file.read_bytes()).hexdigest()
    page = visitor.get(reverse("tools")).content.decode()
    signer = SigningKey(b"k" * 32).verify_key
    assert hashlib.sha256(bytes(signer)).hexdigest()[:4].upper() + "-" in page
    assert sha256 in page and "certutil" in page and "test build" in page
    name = stick_file.name
    answer = visitor.get(reverse("stick_file", args=[name]))
    assert b"".join(answer.streaming_content) == stick_file.read_bytes()
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert f"{sha256}  {name}" in visitor.get(reverse("tools_sums")).content.decode()
    assert visitor.get(reverse("stick_file", args=["quetsach-stick-9.zip"])).status_code == 404


@pytest.mark.usefixtures("in_english")
def test_only_a_stick_as_it_was_built_is_offered_and_a_version_never_changes(db, stick_file, tmp_path):
    call_command("publish_stick", str(stick_file), verbosity=0)
    call_command("publish_stick", str(stick_file), verbosity=0)
    assert Stick.objects.count() == 1
    files = {"KIEM-TRA.cmd": b"@echo on"}
    named = tmp_path / "other" / stick_file.name
    named.parent.mkdir()
    for told, said in (
        (None, "raise the version"),
        ({"KIEM-TRA.cmd": b"@echo off"}, "KIEM-TRA.cmd was changed"),
        ({**files, "python.exe": b"MZ"}, "python.exe is missing"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("publish_stick", str(build(named, files, told)), verbosity=0)
    named.write_bytes(stick_file.read_bytes()[:-30])
    with pytest.raises(CommandError, match="no ZIP"):
        call_command("publish_stick", str(named), verbosity=0)
    other = tmp_path / "stick.zip"
    other.write_bytes(b"PK")
    with pytest.raises(CommandError, match="not named"):
        call_command("publish_stick", str(other), verbosity=0)
    assert Stick.objects.count() == 1


def test_a_tool_is_offered_only_if_it_is_what_its_maker_published(cast):
    editor, url = cast.client("centre", "coordinator"), reverse("tools_edit", args=["lam-sach"])
    file = SimpleUploadedFile("r\u202egpj.exe", CONTENT)
    wrong = editor.post(url, FIELDS | {"sha256": "0" * 64, "file": file})
    assert wrong.status_code == 422 and FIELDS["sha256"] in wrong.content.decode()
    assert not RemovalTool.rows.exists()
    assert editor.post(url, FIELDS | {"link": ""}).status_code == 422
    assert editor.post(url, FIELDS | {"link": "http://example.org/"}).status_code == 422
    file.seek(0)
    sums = FIELDS["sha256"].upper()
    assert editor.post(url, FIELDS | {"sha256": sums, "file": file}).status_code == 302
    tool = RemovalTool.rows.get()
    assert "\u202e" not in tool.file_name
    answer = Client().get(reverse("tool_file", args=[tool.pk]))
    assert b"".join(answer.streaming_content) == CONTENT
    assert "attachment" in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    # A note is corrected in the prefilled form: the copy stays, also without an address.
    page = editor.get(f"{url}?sua={tool.pk}").content.decode()
    assert f'value="{FIELDS["sha256"]}"' in page and 'value="Example Labs"' in page
    assert editor.post(url, FIELDS | {"note": "mới", "link": ""}).status_code == 302
    tool = RemovalTool.rows.get()
    assert (tool.note, tool.bytes) == ("mới", len(CONTENT))
    assert b"".join(Client().get(reverse("tool_file", args=[tool.pk])).streaming_content) == CONTENT
    # A newer version replaces the line.
    editor.post(url, FIELDS | {"version": "1.3", "sha256": "1" * 64})
    tool = RemovalTool.rows.get()
    assert (tool.version, tool.bytes) == ("1.3", 0)
    assert Client().get(reverse("tool_file", args=[tool.pk])).status_code == 404


def test_a_tool_taken_off_is_gone_for_the_public_and_comes_back_as_it_was(cast):
    editor, url = cast.client("centre", "coordinator"), reverse("tools_edit", args=["lam-sach"])
    editor.post(url, FIELDS | {"file": SimpleUploadedFile("r.exe", CONTENT)})
    tool = RemovalTool.rows.get()
    place = reverse("tool_file", args=[tool.pk])

    def is_offered():
        page = Client().get(reverse("tools")).content.decode()
        sums = Client().get(reverse("tools_sums")).content.decode()
        answer = Client().get(place)
        content = b"".join(answer.streaming_content) if answer.status_code == 200 else b""
        shown = {tool.sha256 in page, tool.sha256 in sums, content == CONTENT}
        assert len(shown) == 1
        return shown.pop()

    off, back = (reverse(name, args=["lam-sach", tool.pk]) for name in ("tool_withdraw", "tool_put_back"))
    for _twice in range(2):
        editor.post(off)
        assert not is_offered()
    assert back in editor.get(url).content.decode()
    for unit, role in (("A", "coordinator"), ("centre", "officer"), ("B1", "coordinator")):
        assert cast.client(unit, role).post(back).status_code == 404
    for _twice in range(2):
        editor.post(back)
        assert is_offered()
    assert back not in editor.get(url).content.decode()
    acts = list(Entry.objects.filter(action__startswith="tool.").values_list("action", flat=True))
    assert sorted(acts) == ["tool.put_back", "tool.vouch", "tool.withdraw"]
    # Writing the same line again puts it back as well.
    editor.post(off)
    editor.post(url, FIELDS | {"version": "1.3"})
    assert is_offered()
    assert RemovalTool.rows.get().version == "1.3"


def test_only_the_issuer_vouches_for_tools(cast):
    url = reverse("tools_edit", args=["lam-sach"])
    start = reverse("tools_start", args=["lam-sach"])
    for unit, role in (("A", "coordinator"), ("centre", "officer"), ("B1", "coordinator")):
        assert cast.client(unit, role).get(url).status_code == 404
        assert cast.client(unit, role).post(url, FIELDS).status_code == 404
        assert cast.client(unit, role).post(start).status_code == 404


def test_the_sheet_says_whom_to_call_and_which_key_is_right(cast):
    visitor = Client()
    cast.campaign.contact = {"name": "Chị Hoa <b>", "phone": "0900 000 100"}
    cast.campaign.save()
    page = visitor.get(reverse("tools_sheet")).content.decode()
    # What the stick asks, word by word; four steps, as its guide says.
    for code in ("vi", "en"):
        visitor.cookies["django_language"] = code
        told = visitor.get(reverse("tools_sheet")).content.decode()
        assert f"“{translator(code)('How many people use this machine?')}”" in told
        assert told.partition("</ol>")[0].count('<h2 class="h3">') == 4
    assert "0900 000 100" in page and "Hoa &lt;b&gt;" in page and "KIEM-TRA.cmd" in page
