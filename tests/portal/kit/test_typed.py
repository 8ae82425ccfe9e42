"""Reasons, notes and names that people type hold nothing that nobody sees."""

import pytest

from quetsach.portal.cases import forms as cases
from quetsach.portal.checks import forms as checks
from quetsach.portal.indicators import forms as indicators
from quetsach.portal.indicators.doubtful import forms as doubtful
from quetsach.portal.reports.signing import forms as signing
from quetsach.portal.staff import forms as staff
from quetsach.text.typed import as_typed

UNSEEN = "\x07\x1b\u202e\u2066\ufffe\U0010ffff\u200b\xad\x00"


@pytest.mark.parametrize(
    "field",
    [
        cases.ReasonForm.base_fields["reason"],
        checks.TakeOutForm.base_fields["reason"],
        staff.ReasonForm.base_fields["reason"],
        *(
            form.base_fields["reason"]
            for module in (indicators, doubtful, signing)
            for form in vars(module).values()
            if isinstance(form, type) and "reason" in getattr(form, "base_fields", {})
        ),
    ],
)
def test_a_reason_is_what_people_see(field):
    assert field.to_python(f" Quét lại{UNSEEN} ngày\r\n01/11. ") == "Quét lại ngày\n01/11."


def test_letters_of_every_writing_stay():
    for text in ("Đặng Thị Hường", "tab\tbên phải", "👩\u200d🔧", "عربي", "\U00020000"):
        assert as_typed(text) == text
