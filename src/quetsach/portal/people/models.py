"""People and bodies behind the figures: employees' marks, signed sheets, enterprises on the territory.

The headcount itself is `campaigns.models.Headcount`, the only source of every sum. Where a unit counts by
marks, `MarkLink.headcount` is its running row there. The latest row of a kind counts, so a later typed
headcount replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign, CampaignNode, Headcount
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

Kind = Headcount.Kind
DAYS_TO_PUT_BACK = 7
"""For so many days a removed sheet can be put back."""


class OfNode(models.Model):
    """A row that belongs to a node; people of the node and of its superiors see it."""

    class Meta:
        abstract = True

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class MarkLink(OfNode):
    """The address at which a unit's people mark themselves, one for each kind; it hangs on the wall."""

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="mark_links")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    token = models.CharField(max_length=20, unique=True)
    headcount = models.OneToOneField(
        Headcount, null=True, on_delete=models.SET_NULL, related_name="+", help_text="the running count"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["MarkLink"]()

    class Meta:
        default_manager_name = "rows"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "kind"], name="mark_link_once_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.kind}"


class Mark(OfNode):
    """One person's mark, once for each campaign and kind, at any unit. Nobody can read the person from it.

    `person_key` is a keyed hash; its key is not in the database.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    person_key = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="marks")
    at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["Mark"]()

    class Meta:
        default_manager_name = "rows"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "person_key", "kind"], name="one_mark_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.kind} · {self.at:%d/%m/%Y}"


class SecondMark(OfNode):
    """Somebody marked here who had marked at another unit before: shown here, counted only there."""

    mark = models.ForeignKey(Mark, on_delete=models.CASCADE, related_name="seconds")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["SecondMark"]()

    class Meta:
        default_manager_name = "rows"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mark", "node"], name="second_mark_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%d/%m/%Y}"


class SignSheet(OfNode):
    """A photographed sheet of signatures behind a headcount: the picture alone, for the unit and above.

    A removed sheet can be put back for `DAYS_TO_PUT_BACK`. After that, and some time after the campaign, row
    and file are deleted (privacy/kept.toml).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="sign_sheets")
    informed = models.PositiveIntegerField()
    done = models.PositiveIntegerField()
    file = models.CharField(max_length=100, help_text="path below MEDIA_ROOT")
    file_name = models.CharField(max_length=200, help_text="as the person named it")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()
    objects = ScopedManager["SignSheet"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.node} · {self.file_name}"


class Channel(models.TextChoices):
    """The way in which a body was informed."""

    LOUDSPEAKER = "loudspeaker", _("public loudspeaker")
    LETTER = "letter", _("letter")
    ZALO = "zalo", _("Zalo")
    VISIT = "visit", _("visit")
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")
    MEETING = "meeting", _("meeting")
    OTHER = "other", _("another way")


class Body(OfNode):
    """An enterprise or other body on a unit's territory, without an account, counted by that unit alone."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="bodies")
    name = models.CharField(_("name"), max_length=200)
    tax_code = models.CharField(_("tax code"), max_length=14, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    key = models.CharField(max_length=500, help_text="name and address, folded")
    search_key = models.CharField(max_length=600)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, blank=True)
    informed_on = models.DateField(_("informed on"), null=True, blank=True)
    persons_informed = models.PositiveIntegerField(_("persons informed"), default=0)
    deployed_on = models.DateField(_("carried out on"), null=True, blank=True)
    persons_done = models.PositiveIntegerField(_("persons done"), default=0)

    rows = models.Manager()
    objects = ScopedManager["Body"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("search_key", "pk")
        indexes: ClassVar = [models.Index(fields=["node", "search_key"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "tax_code"],
                condition=~models.Q(tax_code=""),
                name="body_once_per_campaign",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaxCodeClaim(models.Model):
    """A tax code is counted by one node of a campaign only: by its list of bodies, its report, or both."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=14)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    in_report = models.BooleanField(default=False, help_text="named in the text of the node's report")

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "code"], name="claim_once_per_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.node}"


class BodyDraft(OfNode):
    """A pasted or uploaded list, shown as a preview before anything is written."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(help_text="as pasted; a workbook's cells with tabs")
    source = models.CharField(max_length=200, blank=True, help_text="name of the file")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["BodyDraft"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return f"{self.node} · {self.source}"


class BodyChange(OfNode):
    """The changes of one act to a unit's list, so that the act can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    act = models.CharField(max_length=20)
    before = models.JSONField(help_text="body id: its fields before; null where it was not there")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager["BodyChange"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.node} · {self.act}"
