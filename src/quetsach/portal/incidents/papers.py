"""The papers about an incident, drafted from its facts and from what people wrote.

An empty text is printed as lines to write on, never as an invented sentence. The Ministry's form is still to
come: this is a set of fields in a plain order, in Vietnamese whatever the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from quetsach.documents.document import Facts, Notice, Part
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.incidents import evidence
from quetsach.portal.incidents.case_facts import AllFacts
from quetsach.portal.incidents.clocks import Answer, Kind, Severity
from quetsach.portal.incidents.models import Incident
from quetsach.portal.reports.export import heading as names
from quetsach.portal.units.models import Membership
from quetsach.text import words
from quetsach.text.vietnamese import number
from quetsach.victims import words as victims_words

MOST_INDICATORS = 20
DATA_GUARD = "Cơ quan chuyên trách bảo vệ dữ liệu cá nhân"
"""The addressee of a notice about personal data (Law 91/2025/QH15, article 23)."""
CYBER_GUARD = "Lực lượng chuyên trách bảo vệ an ninh mạng"
DONE = {
    "scan": "quét và làm sạch bằng công cụ",
    "manual": "gỡ bằng tay",
    "app": "gỡ ứng dụng",
    "reinstall": "cài lại máy",
    "replace": "thay máy",
    "settings": "đặt lại thiết bị hoặc mật khẩu",
    "phone": "làm sạch hoặc đặt lại điện thoại",
    "retire": "ngừng sử dụng máy",
}
"""The kinds of cleaning as official papers name them."""


@dataclass(frozen=True, slots=True)
class Style:
    """The head of a kind of paper: its type by Decree 30 with the abbreviation, and its subject."""

    type_name: str
    abbreviation: str
    subject: str
    basis: str


_DECREE = "Căn cứ điểm d khoản 2 Điều 31 Nghị định số 331/2026/NĐ-CP"
_LAW = "Căn cứ Điều 23 Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15"
STYLES = {
    Kind.NOTICE: Style("Thông báo", "TB", "Sự cố an ninh mạng", _DECREE),
    Kind.REPORT: Style("Báo cáo", "BC", "Sự cố an ninh mạng", _DECREE),
    Kind.UPDATE: Style("Báo cáo", "BC", "Cập nhật sự cố an ninh mạng", _DECREE),
    Kind.FINAL: Style("Báo cáo", "BC", "Kết thúc xử lý sự cố an ninh mạng", _DECREE),
    Kind.PERSONAL: Style("Thông báo", "TB", "Vi phạm về bảo vệ dữ liệu cá nhân do sự cố an ninh mạng", _LAW),
}


def paper(incident: Incident, kind: Kind, facts: AllFacts, moment: datetime, *, is_draft: bool) -> Notice:
    """The paper of that kind as the facts stand at `moment`."""
    node, style = incident.node, STYLES[kind]
    unit = names.short_name(node)
    is_personal = kind is Kind.PERSONAL
    opening = (
        f"{unit} {'thông báo' if style.abbreviation == 'TB' else 'báo cáo'} như sau (số liệu tính đến"
        f" {evidence.local(moment)}, giờ Việt Nam):"
    )
    return Notice(
        heading=names.heading(node, style.abbreviation, timezone.localtime(moment).year),
        type_name=style.type_name,
        subject=f"{style.subject} tại {unit}",
        addressees=_addressees(incident, is_personal),
        basis=(style.basis,),
        opening=(opening,),
        parts=tuple(_numbered(_parts(incident, kind, facts))),
        closing=f"Trên đây là {style.type_name.lower()} của {unit}",
        signature=names.signature(node),
        cc=("Như trên", *_above(node), "Lưu: VT"),
        evidence=() if is_personal else tuple(evidence.blocks(facts)),
        evidence_title="Căn cứ: dấu hiệu của từng máy",
        is_draft=is_draft,
    )


def suggested_addressees(node: CampaignNode) -> dict[str, str]:
    """The addressees of a new incident: the force for cybersecurity and the superior unit; those for data."""
    above = names.superior(node)
    told = [CYBER_GUARD, *([names.short_name(above)] if above else [])]
    return {"addressees": "\n".join(told), "data_addressees": DATA_GUARD}


def suggested_contact(node: CampaignNode, author: User) -> dict[str, str]:
    """Whom to call about a new incident of that unit: the person of its letters (`evidence.contact_line`),
    where that person has a phone; else its author, who is a person of the unit, or stands with the own unit,
    so that nobody is taken for a person of this one."""
    own = contacts([node]).get(node.pk)
    if own is not None and own.name and own.phone:
        return _contact(own.name, own.phone)
    places = list(Membership.in_force.filter(user=author).select_related("unit").order_by("unit__path"))
    if any(place.unit_id == node.unit_id for place in places):
        return _contact(author.get_full_name(), author.phone)
    above = [place.unit for place in places if node.path.startswith(place.unit.path)]
    unit = f" ({names.short_name(above[-1])})" if above else ""
    return _contact(f"{author.get_full_name()}{unit}", author.phone)


def _contact(name: str, phone: str) -> dict[str, str]:
    return {"contact_name": name, "contact_phone": phone}


def _addressees(incident: Incident, is_personal: bool) -> tuple[str, ...]:
    key = "data_addressees" if is_personal else "addressees"
    lines = tuple(line.strip() for line in _text(incident, key).split("\n") if line.strip())
    return lines or tuple(suggested_addressees(incident.node)[key].split("\n"))


def _above(node: CampaignNode) -> list[str]:
    above = names.superior(node)
    return [f"{names.short_name(above)} (để báo cáo)"] if above else []


def _text(incident: Incident, key: str) -> str:
    return str(incident.texts.get(key, ""))


def _numbered(parts: Iterator[Part]) -> Iterator[Part]:
    for place, part in enumerate(parts, start=1):
        yield Part(f"{place}. {part.title}", part.paragraphs, part.tables)


def _parts(incident: Incident, kind: Kind, facts: AllFacts) -> Iterator[Part]:
    yield Part("Đơn vị và đầu mối liên hệ", tables=(_who(incident),))
    yield Part("Thông tin về sự cố", tables=(_what(incident, facts),))
    if kind is Kind.PERSONAL:
        yield Part("Dữ liệu cá nhân bị ảnh hưởng", _written(incident, "personal"))
        yield Part("Biện pháp đã thực hiện", tuple(_measures(incident, facts)))
        yield Part("Việc tiếp theo", _written(incident, "next"))
        return
    yield Part("Biện pháp đã thực hiện", tuple(_measures(incident, facts)))
    if kind is not Kind.NOTICE:
        yield Part("Nguyên nhân", _written(incident, "cause"))
    yield Part("Phạm vi, mức độ ảnh hưởng", (*_extent(facts), *_written(incident, "extent")))
    yield Part("Tình trạng từng máy", (_states(facts),), (evidence.listing(facts.cases, with_state=True),))
    yield Part("Việc tiếp theo", _written(incident, "next"))


def _written(incident: Incident, key: str) -> tuple[str, ...]:
    text = _text(incident, key)
    return tuple(line for line in text.split("\n") if line.strip())


def _who(incident: Incident) -> Facts:
    return Facts(
        "Mục",
        "Nội dung",
        (
            ("Đơn vị", names.full_name(incident.node)),
            ("Chiến dịch", incident.node.campaign.title),
            ("Người liên hệ", _text(incident, "contact_name")),
            ("Điện thoại", _text(incident, "contact_phone")),
        ),
    )


def _what(incident: Incident, facts: AllFacts) -> Facts:
    some = facts.indicators[:MOST_INDICATORS]
    more = len(facts.indicators) - len(some)
    shown = ", ".join(words.defanged(evidence.paper_text(name)) for name in some)
    rows = [
        ("Thời điểm phát hiện", _both(incident.clock_from)),
        ("Dấu hiệu đầu tiên", _both(facts.first_seen)),
        ("Dấu hiệu gần nhất", _both(facts.last_seen)),
        ("Cách phát hiện", "; ".join(_how(facts)) or "chưa rõ"),
        ("Mã độc", ", ".join(map(evidence.family_called, facts.families)) or evidence.UNNAMED),
        ("Chỉ dấu độc hại", (f"{shown} và {more} chỉ dấu khác" if more else shown) or "chưa rõ"),
        ("Số máy", evidence.machines_told(facts)),
        ("Số đơn vị có máy", number(len(facts.units))),
        ("Số dòng nhật ký có dấu hiệu", number(facts.lines)),
        ("Mức độ", _severity(incident)),
        ("Ảnh hưởng dữ liệu cá nhân", _personal_data(incident)),
    ]  # fmt: skip
    if incident.detected_at is not None and incident.detected_at < incident.opened_at:
        told = f"{evidence.local(incident.opened_at)}. Căn cứ thời điểm sớm hơn: {incident.detected_why}"
        rows.insert(1, ("Hồ sơ đầu tiên mở lúc", told))
    return Facts("Mục", "Nội dung", tuple(rows))


def _both(moment: datetime | None) -> str:
    """A moment in local time, and in UTC behind it."""
    return f"{evidence.local(moment)} ({evidence.in_utc(moment)})" if moment else "chưa rõ"


def _how(facts: AllFacts) -> Iterator[str]:
    if facts.sources:
        yield f"rà soát nhật ký của {', '.join(map(evidence.paper_text, facts.sources[:10]))}"
    if facts.publishers:
        called = (victims_words.PUBLISHERS.get(one, one) for one in facts.publishers)
        yield f"báo cáo của {', '.join(map(evidence.paper_text, called))}"
    if facts.checked:
        yield f"kiểm tra trực tiếp {number(facts.checked)} máy"


def _severity(incident: Incident) -> str:
    if incident.severity == Severity.UNDECIDED or incident.severity_by is None:
        return "chưa quyết định; khi chưa rõ thì tính theo mức cao hơn"
    level = "nghiêm trọng" if incident.severity == Severity.SERIOUS else "không nghiêm trọng"
    who = incident.severity_by.get_full_name()
    return f"{level}; {who} quyết định lúc {evidence.local(incident.severity_at)}: {incident.severity_why}"


def _personal_data(incident: Incident) -> str:
    if incident.personal_data == Answer.UNDECIDED:
        return "chưa rõ"
    return f"{'có' if incident.personal_data == Answer.YES else 'không'}: {incident.personal_data_why}"


def _measures(incident: Incident, facts: AllFacts) -> Iterator[str]:
    """The recorded work, then the words of people."""
    told = f"trên {number(len(facts.real))} hồ sơ"
    if facts.false:
        told += f" (không tính {number(facts.false)} hồ sơ báo nhầm)"
    yield (
        f"Theo hồ sơ trên cổng: đã bắt đầu xử lý {number(facts.begun)}, đã báo xử lý xong"
        f" {number(facts.claimed)}, đã xác minh sạch {number(facts.states['verified_clean'])} {told}."
    )
    if done := [f"{DONE.get(kind, kind)} ({number(n)} hồ sơ)" for kind, n in facts.done.most_common()]:
        yield f"Cách xử lý đã ghi: {'; '.join(done)}."
    yield from _written(incident, "measures")


def _extent(facts: AllFacts) -> Iterator[str]:
    units = [names.short_name(node) for node in facts.units]
    shown = ", ".join(units[:MOST_INDICATORS]) + ("…" if len(units) > MOST_INDICATORS else "")
    told = evidence.machines_told(facts)
    if units:
        told += f" tại {number(len(units))} đơn vị: {shown}"
    yield f"{told}."
    if facts.unplaced:
        yield f"Trong đó {number(facts.unplaced)} máy chưa rõ của đơn vị nào."


def _states(facts: AllFacts) -> str:
    counts = facts.states
    told = [f"{text.lower()}: {number(counts[key])}" for key, text in evidence.STATES.items() if counts[key]]
    if facts.left:
        told.append(f"đã chuyển sang đơn vị khác: {number(facts.left)}")
    return f"{number(len(facts.cases))} hồ sơ; {'; '.join(told)}."
