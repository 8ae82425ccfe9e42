"""No link of the navigation leads a person to a page that is not theirs."""

import re

import pytest
from django.urls import reverse


@pytest.mark.parametrize("role", ["coordinator", "officer", "it", "reader", "auditor"])
@pytest.mark.parametrize("unit", ["centre", "A", "A1"])
def test_every_door_opens(cast, unit, role):
    client = cast.client(unit, role)
    page = client.get(reverse("letter", args=["lam-sach"])).content.decode()
    doors = set(re.findall(r'<li><a href="(/[^"#?]*)"', page.partition("<main")[0]))
    assert len(doors) > 3
    assert {door: client.get(door).status_code for door in doors if client.get(door).status_code != 200} == {}
