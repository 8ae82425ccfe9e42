"""English messages of the portal's pages with a number before a noun have a form for one."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PORTAL = Path(__file__).parent.parent / "src/quetsach/portal"
NUMBERED = re.compile(
    r"(?<![Oo]f )(?<!than )(?<!first )(?<!to )%\(\w+\)[ds] "
    r"(?:log )?(?:hours|risks|scans|machines|addresses|cases)\b"
)
"""The end of a span, "2 to 4 machines", is two at least."""
RECORDS = {"audit"}
"""Entries of the trail tell a number as the record of an act."""


@pytest.mark.parametrize("catalogue", sorted(PORTAL.glob("*/locale/vi/LC_MESSAGES/django.po")), ids=str)
def test_one_of_a_thing_is_told_in_the_singular(catalogue: Path) -> None:
    if catalogue.relative_to(PORTAL).parts[0] in RECORDS:
        return
    with catalogue.open("rb") as stream:
        wrong = [
            str(one.id) for one in read_po(stream) if isinstance(one.id, str) and NUMBERED.search(one.id)
        ]
    assert not wrong, "use ngettext, or `blocktranslate count`"
