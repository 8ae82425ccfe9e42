"""The evidence of a case as one block on paper, and the official notice that takes it to its unit.

What a unit gets decides whether it cleans: a notice with the line, its times and the steps is acted upon more
often than one with an address alone (Vasek and Moore 2012; Stock and others 2018). Official papers are in
Vietnamese, whatever the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.utils import timezone, translation

from quetsach.documents.document import Facts, Listing, Notice, Part
from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import advice_for
from quetsach.portal.cases.models import VictimReport
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.several import find_first
from quetsach.portal.incidents.case_facts import AllFacts, CaseFacts
from quetsach.portal.reports.export import heading as names
from quetsach.portal.sightings.models import Sighting
from quetsach.text import words
from quetsach.text.language import translator
from quetsach.text.typed import as_typed
from quetsach.text.vietnamese import number
from quetsach.victims import words as victims_words
from quetsach.victims.report import SHEET

__all__ = ["block", "local", "paper_text", "unit_notice"]
UNFOUND = "chưa tìm ra máy"
LONGEST_LINE = 600
"""Characters of a log line on paper."""
UNNAMED = "chưa rõ tên"
NOBODY = "chưa rõ đơn vị"
_SAY = translator("vi")


def paper_text(text: str, most: int = 300) -> str:
    """A stranger's text fit for paper: hidden characters escaped, those that no file may hold removed."""
    shown = as_typed(words.visible(text))
    return shown if len(shown) <= most else f"{shown[:most]}…"


def local(moment: datetime | None) -> str:
    """`05/09/2026 08:30:00`, in the time of the portal."""
    return f"{timezone.localtime(moment):%d/%m/%Y %H:%M:%S}" if moment else "nhật ký không ghi"


def in_utc(moment: datetime | None) -> str:
    """`2026-09-05 01:30:00 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "nhật ký không ghi"


def unit_called(node: CampaignNode | None) -> str:
    """The unit as within a text."""
    return names.short_name(node) if node is not None else NOBODY


def family_called(family: str) -> str:
    """The name of the malware on paper."""
    return paper_text(family, 100) or UNNAMED


def machine_called(one: CaseFacts) -> str:
    """The machine within a list. Where logs know only its address, beside that the machine by the word of a
    person, or that nobody has found it."""
    if one.is_unfound:
        return f"{paper_text(one.machine, 80)}: địa chỉ của nhiều máy, {UNFOUND}"
    return ": ".join(paper_text(told, 80) for told in (one.machine, one.named and one.named.place) if told)


def machines_told(facts: AllFacts) -> str:
    """`3 máy (trong đó 1 địa chỉ của nhiều máy, chưa tìm ra máy)`."""
    unfound = f"{number(facts.unfound)} địa chỉ của nhiều máy"
    if facts.machines and facts.unfound == facts.machines:
        return f"{unfound} ({UNFOUND})"
    told = f"{number(facts.machines)} máy"
    return f"{told} (trong đó {unfound}, {UNFOUND})" if facts.unfound else told


def block(one: CaseFacts, title: str) -> Part:
    """The evidence of one case: what the malware does, and each sign as a table."""
    advice = advice_for(one.case.family, "vi")
    told = [f"Đơn vị: {unit_called(one.unit)}."]
    if one.left_at is not None:
        told.append(
            f"Máy đã chuyển sang đơn vị khác ngày {_day(one.left_at)}: dưới đây chỉ ghi những gì đã biết đến"
            " lúc đó."
        )
    if one.is_false:
        told.append("Hồ sơ này đã được kết luận là báo nhầm, không tính vào số liệu nào của văn bản.")
    if one.host:
        told.append(f"Tên máy theo nhật ký: {paper_text(one.host)}.")
    if one.named is not None:
        who, at = paper_text(one.named.who, 100), local(one.named.at)
        told.append(f"Máy đã tìm ra: {paper_text(one.named.place)} (theo {who}, {at}).")
    if one.is_unfound:
        told.append(_how_to_find(one))
    if advice.does:
        told.append(f"Mã độc này làm gì: {advice.does}")
    if one.has_signs_again:
        told.append("Máy đã được xử lý nhưng lại có dấu hiệu: cần làm lại đủ các bước và tìm cả mã độc khác.")
    if one.is_back_gone:
        told.append("Báo cáo cho rằng máy lại có dấu hiệu sau khi xử lý nay đã được rút lại.")
    if one.is_checked:
        told.append("Kiểm tra trực tiếp trên máy đã phát hiện dấu hiệu mã độc.")
    if one.more_signs:
        told.append(
            f"Bảng dưới ghi {len(one.signs)} dấu hiệu: dấu hiệu cuối và những dấu hiệu có nhiều dòng"
            f" nhật ký nhất; còn {number(one.more_signs)} dấu hiệu khác trên cổng."
        )
    tables = [*map(_sign, range(1, len(one.signs) + 1), one.signs), *map(_report, one.reports)]
    return Part(title, tuple(told), tuple(tables))


def _how_to_find(one: CaseFacts) -> str:
    """What to do before anything is cleaned, where nobody has found the machine."""
    with translation.override("vi"):
        return find_first(one.case)


def steps_of(family: str) -> list[str]:
    """The three steps for the family, an item each."""
    steps = advice_for(family, "vi").steps
    return [f"- Bước {n}: {step.title}. {step.text}" for n, step in enumerate(steps, start=1)]


def _sign(place: int, sign: Sighting) -> Facts:
    indicator = words.defanged(paper_text(sign.indicator))
    return Facts(
        f"Dấu hiệu {place}",
        indicator,
        (
            ("Giờ Việt Nam", _span(local(sign.first_seen), local(sign.last_seen))),
            ("Giờ UTC", _span(in_utc(sign.first_seen), in_utc(sign.last_seen))),
            ("Địa chỉ nguồn", " · ".join(_source(sign))),
            ("Kết nối đến", words.defanged(paper_text(sign.matched))),
            ("Chỉ dấu độc hại", f"{indicator} ({words.kind(sign.kind, _SAY)})"),
            ("Kết quả", words.action(sign.action, _SAY)),
            ("Số dòng nhật ký", number(sign.count)),
            ("Nguồn nhật ký", f"{paper_text(sign.source_name)} ({words.logformat(sign.logformat, _SAY)})"),
            ("Dòng nhật ký", paper_text(sign.evidence, LONGEST_LINE)),
        ),
    )


def _source(sign: Sighting) -> Iterator[str]:
    """The machine's address, and the shared address and port under which the outside saw it."""
    yield paper_text(sign.device) or "nhật ký không ghi"
    for name in ("mac", "nat"):
        told = sign.identity.get(name)
        if isinstance(told, str) and told:
            yield f"{words.identity(name, _SAY)}: {paper_text(told)}"


def _report(report: VictimReport) -> Facts:
    port = f", cổng {report.port}" if report.port else ""
    protocol = f"/{report.protocol}" if report.protocol and report.port else ""
    publisher = victims_words.PUBLISHERS.get(report.publisher, report.publisher)
    first, last = report.first_seen, report.last_seen
    when = f"{timezone.localtime(first):%d/%m/%Y} (chỉ biết ngày)" if report.is_day else ""
    return Facts(
        "Báo cáo của nơi khác",
        paper_text(_SAY(publisher)),
        (
            ("Giờ Việt Nam", when or _span(local(first), local(last))),
            ("Giờ UTC", when or _span(in_utc(first), in_utc(last))),
            ("Địa chỉ nguồn", paper_text(f"{report.address}{port}{protocol}")),
            *(() if report.publisher == SHEET else (("Loại báo cáo", paper_text(report.kind)),)),
            ("Số lần được báo", number(report.events)),
        ),
    )


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} – {last}"


def unit_notice(home: CampaignNode, facts: AllFacts) -> Notice:
    """The công văn of `home` that tells units which machines to handle; the evidence is its annex."""
    now = timezone.localtime()
    to = next((node for node in facts.units if node.pk != home.pk), None)
    title = home.campaign.title
    return Notice(
        # A công văn has no abbreviation of its type in its symbol (Decree 30/2020, annex III).
        heading=replace(names.heading(home, "CV", now.year), symbol=home.doc_abbr or "UBND"),
        subject="xử lý máy tính có kết nối đến địa chỉ độc hại",
        addressees=(names.short_name(to) if to else "Bộ phận, cá nhân quản lý và sử dụng máy",),
        opening=(
            f"Thực hiện {title[:1].lower()}{title[1:]}, qua rà soát phát hiện {machines_told(facts)} có dấu"
            f" hiệu kết nối đến địa chỉ độc hại hoặc nhiễm mã độc (căn cứ chi tiết tại Phụ lục)."
            f" {names.short_name(home)} đề nghị xử lý như sau:",
        ),
        parts=(
            Part("1. Máy cần xử lý", tuple(_find_first(facts)), (listing(facts.cases),)),
            *_advice(facts),
            Part(
                "3. Báo lại kết quả",
                (
                    "Thực hiện ngay khi nhận được văn bản này. Không xóa nhật ký, không cài lại máy trước"
                    " khi ghi lại việc đã làm. Xử lý xong, ghi kết quả trên cổng của chiến dịch hoặc báo lại"
                    " bằng văn bản.",
                    *contact_line(home),
                ),
            ),
        ),
        closing="Đề nghị các đơn vị, cá nhân có liên quan phối hợp thực hiện",
        signature=names.signature(home),
        cc=("Như trên", "Lưu: VT"),
        evidence=tuple(blocks(facts)),
        evidence_title="Căn cứ: dấu hiệu của từng máy",
    )  # fmt: skip


def blocks(facts: AllFacts) -> Iterator[Part]:
    """The evidence of each case, for an annex."""
    for place, one in enumerate(facts.cases, start=1):
        title = f"{place}. {'Địa chỉ' if one.is_unfound else 'Máy'} {machine_called(one)}"
        title += f" – {family_called(one.case.family)}"
        yield block(one, title)


def _find_first(facts: AllFacts) -> Iterator[str]:
    """What comes before the steps at addresses of several machines, each kind of address once."""
    told = dict.fromkeys(_how_to_find(one) for one in facts.cases if one.is_unfound)
    for text in told:
        yield f"Dòng ghi “{UNFOUND}”: {text}"
    if told:
        yield "Các bước ở mục 2 chỉ làm trên máy đã tìm ra."


def _advice(facts: AllFacts) -> Iterator[Part]:
    """What each malware does and the steps against it; families with the same advice share one part."""
    named: dict[tuple[str, ...], list[str]] = {}
    for family in sorted({one.case.family for one in facts.cases}):
        does = advice_for(family, "vi").does
        told = (*([does] if does else []), *steps_of(family))
        named.setdefault(told, []).append(family_called(family))
    several = len(named) > 1
    if several:
        yield Part(
            "2. Cách xử lý từng loại mã độc",
            ("Trên mỗi máy, làm đủ các bước của loại mã độc ghi ở dòng của máy đó.",),
        )
    for place, (told, families) in enumerate(named.items(), start=1):
        head = f"2.{place}." if several else "2."
        yield Part(f"{head} Cách xử lý mã độc {', '.join(families)}", told)


def listing(cases: Sequence[CaseFacts], *, with_state: bool = False) -> Listing:
    """The machines, a row each; with the state of each case if asked."""
    last = "Tình trạng" if with_state else "Dấu hiệu cuối"
    return Listing(
        ("TT", "Máy", "Đơn vị", "Mã độc", "Dấu hiệu đầu", last),
        (11, 38, 38, 26, 26, 26),
        tuple(
            (
                str(place), machine_called(one), paper_text(unit_called(one.unit)),
                family_called(one.case.family), _minute(one.case.first_seen),
                _state(one) if with_state else _minute(one.case.last_seen),
            )
            for place, one in enumerate(cases, start=1)
        ),
    )  # fmt: skip


STATES = {
    "new": "Có dấu hiệu, chưa xử lý",
    "assigned": "Có dấu hiệu, đã giao đơn vị",
    "cleaning": "Đang xử lý",
    "claimed_clean": "Đã xử lý, chưa kiểm tra lại",
    "rechecked": "Đã xử lý, kiểm tra lại chưa thấy dấu hiệu",
    "verified_clean": "Đã sạch",
    "false_positive": "Báo nhầm",
}
"""States of a case as official papers name them."""


def _state(one: CaseFacts) -> str:
    if one.left_at is not None:
        return f"Đã chuyển sang đơn vị khác ngày {_day(one.left_at)}"
    if one.has_signs_again and one.case.state != State.CLEANING:
        return "Có dấu hiệu trở lại sau khi xử lý"
    return STATES[one.case.state]


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d/%m/%Y}"


def _minute(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%d/%m/%Y %H:%M}" if moment else ""


def contact_line(node: CampaignNode) -> list[str]:
    """Whom to call about a letter of this unit: its own contact; without one that of the campaign, with the
    unit that runs it."""
    own = contacts([node]).get(node.pk)
    if own is not None and (own.phone or own.email):
        return [f"Liên hệ: {_joined(own.name, own.phone or own.email)}."]
    contact = node.campaign.contact
    told = _joined(*(str(contact.get(key) or "") for key in ("name", "phone")))
    issuer = names.short_name(node.campaign.issuer)
    return [f"Liên hệ đầu mối của chiến dịch tại {issuer}: {told}."] if told else []


def _joined(*parts: str) -> str:
    return ", ".join(paper_text(part, 100) for part in parts if part)
