"""Two clicks on one draft of victims' reports at the same time."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.urls import reverse

from quetsach.portal.cases.models import VictimFile, VictimReport
from quetsach.portal.cases.victims import actions
from quetsach.portal.kit.draft_actions import StaleDraftError
from quetsach.victims import reading
from tests.portal.cases.test_victims import SINKHOLE, sinkhole
from tests.portal.cast import Cast
from tests.portal.page_text import text_of
from tests.portal.scan_document import noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast) -> VictimFile:
    data, told = sinkhole(("10.1.0.9", noon(1), "remcos")), actions.zone_told("", None)
    file = reading.opened(SINKHOLE, BytesIO(data), told)
    return actions.keep_draft(cast.nodes["A1"], cast.user("A1", "it"), SINKHOLE, data, file, told)


def test_a_draft_that_is_dropped_while_it_is_taken_in_says_that_it_counts(
    cast: Cast, draft: VictimFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, told, store = reverse("victims_file", args=[cast.campaign.slug, draft.pk]), [], actions.store
    other = cast.client("A1", "it")

    def stores(*args: object) -> object:
        if not told:
            told.append(text_of(other.post(place, {"do": "drop"}, follow=True)))
        return store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "store", stores)
    cast.client("A1", "it").post(place, {"do": "take"})
    assert VictimReport.rows.count() == 1 and VictimFile.rows.get().accepted_at is not None
    assert "được nhận rồi" in told[0] and "Không có gì trong tệp" not in told[0]


def test_a_draft_that_was_dropped_before_it_is_taken_in_stores_nothing(
    cast: Cast, draft: VictimFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first click has read the file when the second one drops it."""
    opened: Callable[[VictimFile], object] = actions.opened

    def opens(one: VictimFile) -> object:
        found = opened(one)
        actions.drop(one, cast.user("A1", "it"))
        return found

    monkeypatch.setattr(actions, "opened", opens)
    with pytest.raises(StaleDraftError):
        actions.accept(draft, cast.user("A1", "it"))
    assert not VictimReport.rows.exists() and not VictimFile.rows.exists()
