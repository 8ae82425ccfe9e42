"""A unit's name and signature on official paper, by its name and kind (Decree 30/2020, articles 8, 13)."""

from __future__ import annotations

from datetime import date

from quetsach.documents.document import Heading, Signature
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.selection import ChosenUnit
from quetsach.portal.units.models import Unit

COMMITTEES = {Unit.Kind.PROVINCE, Unit.Kind.DISTRICT, Unit.Kind.COMMUNE}
_PREFIXES = ("Ủy ban nhân dân ", "UBND ")
_PLACE_WORDS = (
    "Tỉnh ",
    "Thành phố ",
    "Huyện ",
    "Quận ",
    "Thị xã ",
    "Thị trấn ",
    "Phường ",
    "Xã ",
    "Đặc khu ",
)
_WHOLE = (*"0123456789", "Hồ Chí Minh")
_HEADS = {Unit.Kind.SCHOOL: "Hiệu trưởng", Unit.Kind.CLINIC: "Trạm trưởng", Unit.Kind.DEPARTMENT: "Giám đốc"}


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def full_name(unit: Unit | CampaignNode | ChosenUnit, joint: str = " ") -> str:
    """`Ủy ban nhân dân huyện Phong Thổ` for the district of that name; other units keep their name."""
    if unit.kind not in COMMITTEES:
        return unit.name
    bare = _bare(unit.name)
    if bare.startswith(_PLACE_WORDS):
        bare = bare[0].lower() + bare[1:]
    return f"Ủy ban nhân dân{joint}{bare}"


def short_name(unit: Unit | CampaignNode | ChosenUnit) -> str:
    """`UBND huyện Phong Thổ`, as within a text."""
    return full_name(unit).replace("Ủy ban nhân dân ", "UBND ", 1)


def place(unit: Unit | CampaignNode | None) -> str:
    """The place in the date line: the name of the nearest People's Committee, without `Xã` or `Huyện`.

    A name that is a number or a person's keeps its word: `Quận 1`, `Thành phố Hồ Chí Minh`.
    """
    while unit is not None and unit.kind not in COMMITTEES:
        unit = unit.parent
    if unit is None:
        return ""
    bare = _bare(unit.name)
    bare = bare[:1].upper() + bare[1:]
    for word in _PLACE_WORDS:
        name = bare.removeprefix(word)
        if name != bare and not name.startswith(_WHOLE):
            return name
    return bare


def superior(node: CampaignNode) -> Unit | CampaignNode | None:
    """The addressee of the unit's report: its superior in the campaign, or the issuer's superior in the tree.

    The unit on top of the national tree, above the provinces, is no office: nobody writes to it.
    """
    above = node.unit.parent
    if above is not None and above.parent_id is None and above.kind == Unit.Kind.OTHER and not above.doc_abbr:
        above = None
    return node.parent or above


def heading(node: CampaignNode, kind: str, year: int) -> Heading:
    """The head of the paper. Number and day stay blank for the unit's registry. `kind` is the type's
    abbreviation, `BC`.

    A People's Committee prints no superior body.
    """
    above = superior(node)
    is_committee = node.kind in COMMITTEES
    abbreviation = node.doc_abbr or ("UBND" if is_committee else "")
    return Heading(
        issuer=full_name(node, "\n"),
        symbol=f"{kind}-{abbreviation}".removesuffix("-"),
        place=place(node),
        superior="" if is_committee or above is None else full_name(above, "\n"),
        year=year,
    )


def signature(node: CampaignNode) -> Signature:
    """The lines above a blank name."""
    if node.kind in COMMITTEES:
        return Signature(("TM. Ủy ban nhân dân", "Chủ tịch"))
    return Signature((_HEADS.get(Unit.Kind(node.kind), "Thủ trưởng đơn vị"),))


def blank_date(day: date | None, year: int) -> str:
    """The date of a cited document; blanks if it is not dated yet."""
    return day.strftime("%d/%m/%Y") if day else f"   /   /{year}"
