"""Plays the campaign through the portal's own actions, each on its day."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from demo.calendar import Calendar
from demo.letter import Order
from demo.outbreak import Tale
from demo.people import give_contacts, officer_of, seat_accounts
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade import actions as campaigns
from quetsach.portal.campaigns.models import Campaign, CampaignNode, Participation
from quetsach.portal.campaigns.queries import known_figures
from quetsach.portal.cases import actions as cases
from quetsach.portal.cases.asking import asked_by
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import NEEDS_ASSET, RETIRE
from quetsach.portal.cases.words import DONE
from quetsach.portal.indicators import actions as indicators
from quetsach.portal.reports import actions as reports
from quetsach.portal.reports.errors import BlockedReport
from quetsach.portal.reports.review import actions as review
from quetsach.portal.sightings import actions as sightings
from quetsach.portal.sightings.models import Scan
from quetsach.portal.units.actions import issue_token
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.seed import load_tree

SEED = 2022
TREE = Path(__file__).parent / "seed" / "phong_tho_2022.toml"
SLUG = "lam-sach-ma-doc"
ISSUER = "Huyện Phong Thổ"
QUIET_DAYS = 4
"""Days without a sign that prove a machine clean: 14 by default, fewer here so that the story ends."""

_NARRATIVES = (
    "Đơn vị đã phổ biến chiến dịch tới toàn thể cán bộ, kiểm tra máy tính nối mạng và xử lý máy có dấu hiệu.",
    "Đã quán triệt trong buổi giao ban, các máy tính đều được kiểm tra; chưa có khó khăn lớn.",
    "Đã triển khai tới các bộ phận; một số máy cũ phải cài lại, đơn vị đang theo dõi tiếp sau khi xử lý.",
)
_PROPOSALS = (
    "",
    "Hỗ trợ bản quyền phần mềm diệt vi-rút cho máy của trường học.",
    "",
    "Cử người xuống giúp các đơn vị không có cán bộ tin học.",
)


class Story:
    """One campaign and its people."""

    def __init__(self, calendar: Calendar, order: Order, accounts: Path) -> None:
        with calendar.at(10, 8):
            province = load_tree(TREE, None)
            self.units = {unit.name: unit for unit in Unit.rows.filter(subtree(province.path))}
            give_contacts(self.units.values())
            self.people = seat_accounts(self.units, accounts)
        self.calendar = calendar
        self.coordinator = self.people["dieuphoi"]
        self.campaign, _ = Campaign.objects.get_or_create(
            slug=SLUG,
            defaults={
                "issuer": self.units[ISSUER],
                "title": order.title,
                "summary": order.summary,
                "letter": order.letter,
                "contact": order.contact,
                "due_at": order.due_at,
                "due_text": order.due_text,
                "quiet_days": QUIET_DAYS,
                "is_demo": True,
            },
        )

    # --- publish ---

    def publish(self, lists: Iterable[Path]) -> None:
        """Publish the campaign, then its indicator set."""
        with self.calendar.at(9, 8, 30):
            campaigns.publish(self.campaign, self.coordinator)
            self.campaign.refresh_from_db()
            uploads = [indicators.Upload(p.name, p, p.stat().st_size) for p in lists]
            draft = indicators.prepare(self.campaign, uploads, self.people["cntt"])
            self.indicator_set = indicators.publish_set(draft, self.coordinator)

    @property
    def nodes(self) -> list[CampaignNode]:
        """All nodes, the issuer first."""
        return list(
            CampaignNode.rows.filter(campaign=self.campaign)
            .order_by("depth", "parent__name", "position", "name")
            .select_related("unit")
        )

    def token(self) -> str:
        """A token for the district's scanning machine."""
        _, secret = issue_token(self.people["cntt"], self.units[ISSUER], "máy quét nhật ký của huyện")
        return secret

    def asked(self, file: Path) -> Path:
        """The machines of the district that wait for proof, as its scanning machine would fetch them."""
        names, _more = asked_by(self.units[ISSUER])
        file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        return file

    # --- the cascade ---

    def cascade(self) -> None:
        """The district passes on to all; most acknowledge, fewer pass on and carry out, some stay silent."""
        rng = Random(f"cascade {SEED}")
        root, *below = self.nodes
        children: dict[object, list[CampaignNode]] = {}
        for node in below:
            children.setdefault(node.parent_id, []).append(node)
        with self.calendar.at(9, 9):
            campaigns.pass_on(root, children[root.pk], self.coordinator)
        with self.calendar.at(8, 15):
            campaigns.count_people(root, root.staff_count or 0, root.staff_count or 0, self.coordinator)
        silent = {node.pk for node in rng.sample(children[root.pk], k=max(1, len(children[root.pk]) // 9))}
        # Two of Dào San's four have read the public page by themselves; these two wait for the letter.
        unreached = [self.units[f"Trường {kind} xã Dào San"] for kind in ("Mầm non", "Trung học cơ sở")]
        for node in below:
            if node.unit == self.units["Xã Dào San"] or node.pk in silent or node.parent_id in silent:
                continue  # Dào San is left to the visitor
            if node.unit in unreached:
                continue
            self._unit_acts(node, children.get(node.pk, []), rng)

    def _unit_acts(self, node: CampaignNode, children: Sequence[CampaignNode], rng: Random) -> None:
        officer = officer_of(node.unit)
        received = rng.choice((8, 8, 8, 7, 7, 6, 5)) - (node.depth > 1)
        with self.calendar.at(received, 9 + rng.randrange(7), rng.randrange(60)):
            campaigns.acknowledge(node, officer)
            if children:
                campaigns.pass_on(node, children, officer)
        if rng.random() < 0.12:
            return
        staff = node.staff_count or 8
        informed = max(1, round(staff * rng.choice((1, 1, 1, 0.9, 0.8))))
        done = round(informed * rng.choice((1, 0.9, 0.8, 0.7)))
        with self.calendar.at(max(1, received - rng.choice((1, 2, 3))), 14, rng.randrange(60)):
            if rng.random() < 0.85:
                campaigns.deploy(node, officer)
                campaigns.count_people(node, informed, done, officer)
            else:
                campaigns.count_people(node, informed, 0, officer)

    # --- machines ---

    def take_scan(self, file: Path, days_ago: int) -> None:
        """The IT staff upload a scan by hand."""
        root = self.nodes[0]
        with self.calendar.at(days_ago, 8, 15), file.open("rb") as stream:
            sightings.receive_file(stream, root, sightings.Sender(Scan.Door.UPLOAD, user=self.people["cntt"]))

    def clean(self, tales: Sequence[Tale]) -> None:
        """The units handle the machines of the stories with a clean-up, on the day after the first scan."""
        machines = {tale.infection.client for tale in tales if tale.is_cleaned}
        choices = [done for done in DONE if done != RETIRE]  # these machines are seen in later logs
        open_cases = Case.rows.filter(device__owner__campaign=self.campaign, device__key__in=machines)
        for number, case in enumerate(
            open_cases.select_related("device__owner__unit").order_by("device__key")
        ):
            officer = officer_of(case.device.owner.unit)
            with self.calendar.at(6, 9, number % 60):
                cases.start_cleaning(case, officer)
            with self.calendar.at(6, 15, number % 60):
                done_at = self.calendar.moment(6, 14, 30)
                done = choices[number % len(choices)]
                asset = f"TS-{number:04}" if done in NEEDS_ASSET else ""
                cases.claim_clean(case, officer, done=done, done_at=done_at, asset=asset)

    # --- reports ---

    def report(self) -> None:
        """Units that carried it out report; superiors accept most reports, return one, leave some to the
        visitor."""
        rng = Random(f"reports {SEED}")
        nodes = self.nodes
        by_pk = {node.pk: node for node in nodes}
        done = Participation.rows.filter(node__campaign=self.campaign).values_list("node", flat=True)
        deepest_first = sorted(nodes[1:], key=lambda node: -node.depth)
        ready = [node for node in deepest_first if node.pk in set(done)]
        returned = False
        for number, node in enumerate(ready):
            if rng.random() < 0.15 or not self._submit(node, number):
                continue
            assert node.parent_id is not None  # depth > 0
            superior = self._superior(by_pk[node.parent_id])
            if node.depth == 1 and not returned and node.kind == Unit.Kind.COMMUNE:
                returned = True
                with self.calendar.at(1, 10):
                    review.send_back(
                        superior, node, 1, "Đề nghị ghi rõ số máy đã cài lại và người phụ trách."
                    )
            elif rng.random() < 0.8:
                with self.calendar.at(1, 16, number % 60):
                    review.accept(superior, node, 1)

    def _superior(self, node: CampaignNode) -> User:
        return self.coordinator if node.depth == 0 else officer_of(node.unit)

    def _submit(self, node: CampaignNode, number: int) -> bool:
        figures = known_figures(node)
        if None in figures.values():
            return False
        data = {
            **{row: str(value) for row, value in figures.items()},
            "narrative": _NARRATIVES[number % len(_NARRATIVES)],
            "proposals": _PROPOSALS[number % len(_PROPOSALS)],
        }
        officer, ticket = officer_of(node.unit), uuid.uuid5(node.pk, "demo")
        with self.calendar.at(2, 8 + number % 8, number % 60):
            try:
                reports.submit(officer, node, data, 0, ticket)
            except BlockedReport as blocked:
                # The officer ticks the warnings; a report that breaks a blocking rule stays unsent.
                if any(problem.level == "block" for problem in blocked.problems):
                    return False
                reports.submit(officer, node, data, 0, ticket, ticked=[p.key for p in blocked.problems])
        return True
