"""The page for people who maintain equipment: its commands are the docs' commands, filled in, and work."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tools import equipment

from quetsach.logs import logformat
from quetsach.portal.sightings.models import Scan
from quetsach.portal.units.actions import issue_token
from tests.portal.scan_document import publish_list

EXAMPLE = "203.0.113.9"
LISTED = "45.33.32.156"


def commands(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'<pre class="command[^>]*>(.*?)</pre>', page, re.S)]


def shown(client: Client, source: str, **asked: str) -> str:
    answer = client.get(reverse("equipment_page", args=[source]), asked)
    assert answer.status_code == 200, source
    return answer.content.decode()


def test_the_pages_are_those_of_the_docs() -> None:
    assert equipment.PAGES.read_text(encoding="utf-8") == equipment.made(), "./dev messages writes them anew"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_of_the_docs_is_there_with_its_commands_and_scripts(db, lang):
    visitor = Client()
    visitor.cookies["django_language"] = lang
    index = visitor.get(reverse("equipment")).content.decode()
    pages = {path.stem: path.read_text(encoding="utf-8") for path in equipment.FOLDERS[lang].glob("*.md")}
    pages.pop("README")
    assert set(re.findall(r'href="/thiet-bi/([a-z-]+)/"', index)) >= set(pages)
    for name, text in pages.items():
        told = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
        lines = [line for block in told for line in block.splitlines()]
        scripts = [
            "\n".join(re.findall(r"^    (.*)$", block, re.M))
            for block in re.findall(r"(?:^    .*\n)+", text, re.M)
        ]
        page = shown(visitor, name)
        assert [one for one in [*lines, *scripts] if one not in commands(page)] == [], name
        assert "](" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.S), name
    assert visitor.get("/thiet-bi/toaster/").status_code == 404


def test_what_is_filled_in_stands_in_the_commands_and_nothing_that_a_shell_would_read(cast, tmp_path):
    publish_list(cast, tmp_path)
    visitor = Client()
    visitor.cookies["django_language"] = "en"
    page = shown(visitor, "mikrotik", noi="gw-tru-so", thu="10.0.0.5")
    told = commands(page)
    assert f'curl -o list.csv "http://testserver/api/v1/indicators?campaign={cast.campaign.slug}"' in told
    assert any("remote=10.0.0.5 remote-port=514" in one for one in told)
    assert (
        "quetsach scan mikrotik.log -i list.csv --source-name gw-tru-so --devices"
        " --push http://testserver/ --token-file quetsach.token"
    ) in told
    for hostile in ("x; rm -rf .", "$(id)", "-oX", "a\nb", "a b", "`id`"):
        answer = visitor.get(reverse("equipment_page", args=["mikrotik"]), {"noi": hostile, "thu": hostile})
        assert answer.status_code == 422, hostile
        assert not [one for one in commands(answer.content.decode()) if hostile in one], hostile


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_where_it_runs_windows_the_list_is_fetched_by_curl_and_not_by_what_powershell_calls_so(
    cast, tmp_path, lang
):
    publish_list(cast, tmp_path)
    visitor = Client()
    visitor.cookies["django_language"] = lang
    for name in ("windows-dns", "windows-events"):
        fetches = [one for one in commands(shown(visitor, name)) if one.startswith("curl")]
        assert [one.split()[:2] for one in fetches] == [["curl.exe", "-o"]]
    other = shown(visitor, "fortigate")
    assert [one.split()[0] for one in commands(other) if one.startswith("curl")] == ["curl"]
    assert "curl.exe" in other


def test_codes_are_named_to_who_may_issue_them_and_to_nobody_else(cast, tmp_path):
    publish_list(cast, tmp_path)
    issue_token(cast.user("A1", "it"), cast.units["A1"], "may-nhat-ky-a1")
    assert "may-nhat-ky-a1" in shown(cast.client("A1", "it"), "fortigate")
    for client in (Client(), cast.client("A1", "reader"), cast.client("A2", "it"), cast.client("A", "it")):
        assert "may-nhat-ky-a1" not in shown(client, "fortigate")


@pytest.mark.django_db(transaction=True)
def test_pasted_as_they_stand_the_commands_bring_the_scan_to_the_portal(
    cast, live_server, tmp_path, settings
):
    settings.SITE_ADDRESS = live_server.url
    if not shutil.which("curl"):
        # `./dev test` installs it where it may; a change never lands without this test.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("curl is not installed")
    publish_list(cast, tmp_path, f"indicator,type,family\n{LISTED},ipv4,mirai\n")
    _, secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "gw")
    work = tmp_path / "work"
    work.mkdir()
    (work / "quetsach.token").write_text(secret + "\n", encoding="utf-8")
    samples = logformat.load_all()["mikrotik.routeros"].samples
    lines = "".join(f"{one.line}\n" for one in samples).replace(EXAMPLE, LISTED)
    (work / "mikrotik.log").write_text(lines, encoding="utf-8")
    client, host = cast.client("A1", "it"), live_server.url.removeprefix("http://")
    page = client.get(
        f"{live_server.url}/thiet-bi/mikrotik/", headers={"host": host}, SERVER_PORT=host.rpartition(":")[2]
    ).content.decode()
    told = [one for one in commands(page) if one.startswith(("curl", "quetsach scan mikrotik.log"))]
    assert [one.split()[0] for one in told] == ["curl", "quetsach", "quetsach"]
    program = Path(sys.executable).with_name("quetsach")
    for command in told:
        done = subprocess.run(
            command.replace("quetsach scan", f"{program} scan", 1),
            shell=True,
            cwd=work,
            capture_output=True,
            text=True,
        )
        assert done.returncode == (0 if command.startswith("curl") else 1), done.stderr
    scan = Scan.rows.get()
    assert scan.node == cast.nodes["A1"]
    assert scan.source_name.endswith("-mikrotik")
    assert (work / "ket-qua.html").stat().st_size


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_a_phone_the_filled_in_script_is_one_tap_away(cast, window, tmp_path):
    publish_list(cast, tmp_path)
    page = window(width=360)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/danh-sach/")
    page.get_by_role("link", name="Cách tìm trong nhật ký của thiết bị").click()
    page.get_by_role("link", name="MikroTik", exact=True).click()
    page.locator("summary").click()
    page.get_by_label("Địa chỉ của máy thu nhật ký").fill("10.0.0.5")
    page.get_by_role("button", name="Điền vào lệnh").click()
    page.get_by_role("button", name="Chép").first.click()
    page.get_by_role("button", name="Đã chép").wait_for()
    script = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert script[0] == "/system logging action set remote remote=10.0.0.5 remote-port=514"
    assert len(script) == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="MikroTik: what can it tell me?").wait_for()
    assert page.locator("pre", has_text="remote=10.0.0.5").count() == 1, (
        "the language keeps what was filled in"
    )
    assert page.refused == []


def test_equipment_is_grouped_and_found_without_marks_and_says_what_else_there_is(db):
    visitor = Client()

    def names(**asked: str) -> list[str]:
        page = visitor.get(reverse("equipment"), asked).content.decode()
        return re.findall(r'href="/thiet-bi/([a-z-]+)/"', page)

    page = visitor.get(reverse("equipment")).content.decode()
    jumps = re.findall(r'href="#(loai-\d+)">([^<]+)', page)
    assert [name for _id, name in jumps][:2] == ["Tường lửa, bộ định tuyến", "Máy chủ DNS"]
    assert [f'id="{place}"' in page for place, _name in jumps] == [True] * len(jumps)
    assert names(tim="MAY CHU dns") == names(tim="máy chủ DNS")
    assert {"bind", "unbound", "windows-dns"} <= set(names(tim="MAY CHU dns"))
    assert names(tim="openwrt") == ["dnsmasq"]
    assert names(tim="lò nướng <b>") == ["tables"]
    assert "&lt;b&gt;" in visitor.get(reverse("equipment"), {"tim": "lò nướng <b>"}).content.decode()
