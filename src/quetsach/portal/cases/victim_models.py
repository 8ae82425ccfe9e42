"""What others reported about infected and exposed machines: the files, and what each line said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import ApiToken, within_units_of
from quetsach.victims.report import Meaning

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


def _kept_at(file: VictimFile, _name: str) -> str:
    """A path by content, without the sender's file name: nothing hostile becomes a path."""
    return f"victims/{file.digest[:2]}/{file.digest}-{file.pk}"


class VictimFile(models.Model):
    """A file of victims' reports that a node gave. Without `accepted_at` it is a draft: a person looks at the
    preview, and `content` is read again when the person agrees; then it goes.

    `left` counts the lines that became no report, by reason; `leftovers` holds the first of them. A file with
    `gone_at` was taken back: its reports go, and the same file may be accepted once more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="victim_files")
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    publisher = models.CharField(max_length=20)
    kind = models.CharField(max_length=80, blank=True)
    content = models.FileField(
        upload_to=_kept_at, max_length=200, blank=True, help_text="path below MEDIA_ROOT"
    )
    told = models.JSONField(default=dict, help_text="what the person said of it: type, day")
    lines = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)
    leftovers = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    gone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    gone_why = models.TextField(blank=True)

    rows = models.Manager()
    objects = ScopedManager["VictimFile"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["node", "digest", "kind"],
                condition=models.Q(accepted_at__isnull=False, gone_at__isnull=True),
                name="victim_file_once",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class VictimReport(models.Model):
    """What a publisher says of one address: of an infection one event, of a risk all its events together.

    `key` tells reports apart, so that a report that comes again changes nothing. `node` is the node that gave
    the file, `owner` the node whose range holds the address; without an owner `why` is the reason. `case` is
    set once an infection has been taken into its case; `is_waiting` until then, and after every change.
    """

    CASES = tuple(one.value for one in Meaning if one.is_case)
    RISKS = tuple(one.value for one in Meaning if one.is_risk)

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(VictimFile, on_delete=models.CASCADE, related_name="reports")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey(
        CampaignNode, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.SET_NULL, related_name="reports")
    key = models.CharField(max_length=32)
    publisher = models.CharField(max_length=20)
    kind = models.CharField(max_length=80)
    meaning = models.CharField(max_length=12)
    address = models.CharField(max_length=45)
    family = models.CharField(max_length=100, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    is_day = models.BooleanField(default=False, help_text="only the day is known")
    events = models.PositiveIntegerField(default=1)
    port = models.PositiveIntegerField(null=True)
    protocol = models.CharField(max_length=16, blank=True)
    severity = models.CharField(max_length=10, blank=True)
    host = models.CharField(max_length=255, blank=True)
    why = models.CharField(max_length=12, blank=True)
    is_waiting = models.BooleanField(default=False, help_text="an infection with an owner, for its case")
    received_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["VictimReport"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (models.UniqueConstraint(fields=["node", "key"], name="victim_report_once"),)
        indexes = (
            models.Index(
                fields=["node", "address", "family"],
                name="victim_report_waiting",
                condition=models.Q(is_waiting=True),
            ),
            models.Index(fields=["address"], name="victim_report_address"),
            models.Index(fields=["owner", "meaning"], name="victim_report_risk"),
            models.Index(
                fields=["node", "why"], name="victim_report_nobody", condition=models.Q(owner__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.address} · {self.kind}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "owner__path") | (
            models.Q(owner__isnull=True) & within_units_of(user, "node__path")
        )


class VictimTelling(models.Model):
    """What one file said of a report that several files tell: all of them have such a row, so that one of
    them can be taken back. A report of one file alone has none: `VictimReport.file` is that file."""

    report = models.ForeignKey(VictimReport, on_delete=models.CASCADE, related_name="tellings")
    file = models.ForeignKey(VictimFile, on_delete=models.CASCADE, related_name="tellings")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    events = models.PositiveIntegerField()
    severity = models.CharField(max_length=10, blank=True)
    host = models.CharField(max_length=255, blank=True)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["report", "file"], name="victim_telling_once"),)

    def __str__(self) -> str:
        return f"{self.report} · {self.file}"
