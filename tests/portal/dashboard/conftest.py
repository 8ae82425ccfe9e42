"""Plants reports, acts and machines below the cast's centre: A (A1, A2) and B (B1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from quetsach.portal.campaigns.models import Acknowledgement, Headcount, Participation
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.reports.models import Report, Revision
from tests.portal.cast import Cast

type Plant = Callable[..., Report]


@pytest.fixture
def plant(cast: Cast) -> Plant:
    """`plant("A1", (1, 2, 3, 4), "accepted")` gives the unit a report in that state."""

    def put(unit: str, figures: tuple[int, int, int, int], state: str, **texts: str) -> Report:
        node = cast.nodes[unit]
        typed = {f"r{n}": str(value) for n, value in enumerate(figures, start=1)}
        report = Report.rows.create(node=node, state=state, draft={**typed, **texts})
        if state == "draft":
            return report
        below, counts = dict.fromkeys(typed, 0), dict(zip(typed, figures, strict=True))
        revision = Revision.rows.create(
            report=report, number=1, form="annex-2022", author=cast.user(unit, "officer"), at=timezone.now(),
            client_uuid=uuid4(), sha256="", totals={"children": below, "total": counts, "missing": 0},
            own=counts, counts=counts,
            due_at=node.due_at, **texts,
        )  # fmt: skip
        report.current = revision
        report.accepted = revision if state == "accepted" else None
        report.save()
        return report

    return put


@pytest.fixture
def act(cast: Cast) -> Callable[..., None]:
    """`act("A1", done=3, informed=5, deployed=2, received=4)`: headcounts, and acts that many days ago."""

    def put(
        unit: str,
        received: int | None = None,
        deployed: int | None = None,
        informed: int | None = None,
        done: int | None = None,
    ) -> None:
        node, now = cast.nodes[unit], timezone.now()
        if received is not None:
            Acknowledgement.rows.create(node=node, at=now - timedelta(days=received))
        if deployed is not None:
            Participation.rows.create(node=node, at=now - timedelta(days=deployed))
        for kind, count in (("informed", informed), ("done", done)):
            if count is not None:
                Headcount.rows.create(node=node, kind=kind, count=count, at=now)

    return put


@pytest.fixture
def machine(cast: Cast) -> Callable[..., Case]:
    """`machine("A1", "new")` gives the unit one machine with a case in that state."""

    def put(unit: str, state: str, claimed_at: datetime | None = None) -> Case:
        key = f"10.0.0.{Device.rows.count()}"
        device = Device.rows.create(
            campaign=cast.campaign,
            owner=cast.nodes[unit],
            key=key,
            id_kind="weak",
            id_value=f"{unit} {key}",
            is_assigned=True,
        )
        return Case.rows.create(
            device=device, family="ramnit", state=state, opened_at=timezone.now(), claimed_at=claimed_at
        )

    return put
