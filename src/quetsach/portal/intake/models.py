"""Files with annexes: each file once, and each of its annexes until somebody takes it or sets it aside.

Nothing here counts. A taken annex becomes a revision of the unit's report, and only that is in the total.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.annexes.collecting.form import ROWS
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.reports.models import Revision
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


def _kept_at(file: ReceivedFile, _name: str) -> str:
    """A path by content, without the sender's file name: nothing hostile becomes a path."""
    return f"intake/{file.sha256[:2]}/{file.sha256}-{file.pk}"


class ReceivedFile(models.Model):
    """One file that a node received, kept as evidence; `problem` is the reason that it holds no annex."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="received_files")
    name = models.CharField(max_length=300, help_text="its path, inside an archive too")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content = models.FileField(upload_to=_kept_at, max_length=200)
    problem = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict, help_text="what fills the sentence of the problem")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    is_set_aside = models.BooleanField(default=False)

    rows = models.Manager()
    objects = ScopedManager["ReceivedFile"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("at", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "sha256"], name="received_file_once_per_node")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class ReceivedAnnex(models.Model):
    """One annex of a file: its reading, the node that it was assigned to, and its state."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        TAKEN = "taken", _("taken")
        SET_ASIDE = "set_aside", _("set aside")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(ReceivedFile, on_delete=models.CASCADE, related_name="annexes")
    part = models.PositiveIntegerField(default=1)
    node = models.ForeignKey(CampaignNode, null=True, on_delete=models.PROTECT, related_name="+")
    reading = models.JSONField(help_text="the reading as quetsach.annexes.collecting.stored writes it")
    corrections = models.JSONField(default=list, help_text="who changed which field from what to what, when")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    version = models.PositiveIntegerField(default=0)
    revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        ordering = ("file__at", "file__name", "part")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "part"], name="received_annex_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.file} [{self.part}]"

    @property
    def note(self) -> str:
        """The remark that a person of the desk wrote last; it goes into the record when the row is taken."""
        found = [entry["note"] for entry in self.corrections if "note" in entry]
        return str(found[-1]) if found else ""

    @property
    def entered(self) -> dict[str, tuple[int | None, int | None]]:
        """By row: the figure as it was read, and as a person entered it last, even if that is the same."""
        figures: dict[str, tuple[int | None, int | None]] = {}
        for entry in self.corrections:
            for row in ROWS:
                if row in entry:
                    read, now = entry[row]
                    figures[row] = (figures[row][0] if row in figures else read, now)
        return figures

    @property
    def corrected(self) -> dict[str, tuple[int | None, int | None]]:
        """The entered figures that differ from what was read."""
        return {row: pair for row, pair in self.entered.items() if pair[0] != pair[1]}

    @property
    def typed(self) -> dict[str, Any]:
        """The figures as written in the paper, by row key."""
        figures: dict[str, Any] = self.reading["annex"]["figures"]
        return figures
