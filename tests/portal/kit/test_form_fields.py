"""A screen reader announces each field with the hint and error beside it."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.template.loader import render_to_string


class Ask(forms.Form):
    name = forms.CharField(label="Tên", help_text="Như trong công văn.")
    place = forms.CharField(label="Nơi", required=False)

    def clean_name(self) -> str:
        raise forms.ValidationError(["Trùng <tên>.", "Quá ngắn."])

    def clean(self) -> None:
        raise forms.ValidationError("Không khớp.")


@pytest.mark.parametrize("sent", [None, {"name": "A"}])
def test_help_and_errors_are_named_by_their_field_and_stand_there_once(sent) -> None:
    page = render_to_string("kit/fields.html", {"form": Ask(sent)})
    told = dict(re.findall(r'<p class="(?:help|err)" id="([^"]+)">([^<]*)</p>', page))
    (named,) = re.findall(r'aria-describedby="([^"]+)"', page)
    assert named.split() == ["id_name_helptext", *(["id_name_error"] if sent else [])]
    assert told == {"id_name_helptext": "Như trong công văn."} | (
        {"id_name_error": "Trùng &lt;tên&gt;. Quá ngắn."} if sent else {}
    )
    assert ("Không khớp." in page) == bool(sent)
