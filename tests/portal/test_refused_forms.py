"""A form with a file that is not taken says so at the top of its page, with a way to the field."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

DOORS = {
    "indicators": ("centre", "coordinator", "lists"),
    "detections": ("centre", "coordinator", "brought"),
    "tools_edit": ("centre", "coordinator", "file"),
    "unit_upload": ("centre", "coordinator", "table"),
    "keyed": ("A", "coordinator", "file"),
    "intake": ("A", "officer", "annexes"),
    "scans": ("A1", "officer", "file"),
    "checks": ("A1", "officer", "results"),
    "people": ("A1", "officer", "sheet"),
    "hand_in": ("", "", "code"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_refused_file_is_told_at_the_top_and_leads_to_its_field(cast, door):
    unit, role, field = DOORS[door]
    client = cast.client(unit, role) if unit else Client()
    keys = {
        "unit_upload": [cast.units["centre"].pk],
        "keyed": ["lam-sach", cast.nodes["A1"].pk],
        "intake": ["lam-sach", cast.nodes["A"].pk],
        "people": ["lam-sach", cast.nodes["A1"].pk],
        "hand_in": [],
    }.get(door, ["lam-sach"])
    sent = {field: SimpleUploadedFile("a.pdf", b""), "do": "headcount"}
    if door == "intake":
        sent = {}  # there an empty file is kept, and stands in the list of those that cannot be read
    page = client.post(reverse(door, args=keys), sent).content.decode().partition("<main")[2]
    top, _form, rest = page.partition('enctype="multipart/form-data"')
    note = re.search(r'<div class="note is-bad block" role="alert">.*?</div>', top, re.DOTALL)
    assert note and "Chưa lưu được" in note[0], "at the top, before the form"
    links = re.findall(r'href="#([^"]+)"', note[0])
    assert f"id_{field}" in links
    assert [one for one in links if f'id="{one}"' not in rest] == []
