"""A campaign, the tree it froze when it was published, and each unit's own dated actions in it.

Every figure of a campaign belongs to a frozen node, never to a unit: a reorganisation during the campaign
changes no figure. Sums follow `CampaignNode.parent`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import PATH_LENGTH, Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class HasDeadline:
    """Calendar properties of a row with `due_at`, its first moment that is late."""

    due_at: datetime

    @property
    def last_day(self) -> date:
        """The last day in time, on the portal's calendar."""
        return timezone.localdate(self.due_at - timedelta(microseconds=1))

    @property
    def days_left(self) -> int:
        """Whole days from today to the last day in time; negative when late."""
        return (self.last_day - timezone.localdate()).days

    @property
    def days_late(self) -> int:
        """Whole days since the last day in time; 0 before."""
        return max(0, -self.days_left)


class Campaign(HasDeadline, models.Model):
    """One order: issuer, letter, deadline, form and settings."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Running")
        CLOSED = "closed", _("Closed")
        ARCHIVED = "archived", _("Archived")

    class DueRule(models.TextChoices):
        """The words of the letter for its deadline; `due_at` follows from them."""

        BEFORE = "before", _("before the day (the day before is the last)")
        BY_END_OF = "by_end_of", _("by the end of the day")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="campaigns")
    title = models.CharField(_("title"), max_length=300)
    summary = models.TextField(_("in one sentence"), blank=True)
    letter = models.JSONField(
        default=dict,
        help_text="number, symbol, place, date, subject, recipients, body paragraphs, signature, cc",
    )
    contact = models.JSONField(default=dict, help_text="name, phone")
    due_at = models.DateTimeField(_("deadline"), help_text="first moment that is late")
    due_rule = models.CharField(max_length=10, choices=DueRule.choices, default=DueRule.BY_END_OF)
    due_text = models.CharField(max_length=60, blank=True, help_text="as the letter puts it")
    choice = models.JSONField(
        default=dict,
        help_text="which units take part, by kind and by unit; see selection.Choice",
    )
    days_off = models.JSONField(
        default=dict, help_text="ISO date: true for a day off, false for a day worked, beyond the calendar"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    form = models.CharField(
        max_length=40, default="annex-2022", help_text="version of the annex form and its rules"
    )
    count_self = models.BooleanField(default=False, help_text="rows 1 and 3 count the reporting unit itself")
    unique_codes = models.BooleanField(
        default=False, help_text="no staff code is given twice in the whole administration"
    )
    quiet_days = models.PositiveSmallIntegerField(
        default=14, help_text="days without a hit that prove a machine clean"
    )
    check_days = models.PositiveSmallIntegerField(
        default=14, help_text="how far back the public self-check looks"
    )
    front_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was put on the front page; the last of several stands there"
    )
    is_demo = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-published_at", "-created_at")

    def __str__(self) -> str:
        return self.title


class NodeQuerySet(models.QuerySet["CampaignNode"]):
    """Nodes, with filters for those that take part."""

    def active(self) -> NodeQuerySet:
        """Nodes that count: neither merged into another nor void."""
        return self.filter(state=CampaignNode.State.ACTIVE)

    def due_to_report(self) -> NodeQuerySet:
        """Active nodes that must report; the others are never missing."""
        return self.active().filter(expected=True)


class CampaignNode(HasDeadline, models.Model):
    """A unit as it was when the campaign was published: name, code and place in the counting tree.

    A merged node counts nothing itself: its `successor` does. A void node takes no part any more. Nodes below
    either stay in place and still count.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("takes part")
        MERGED = "merged", _("merged into another unit")
        VOID = "void", _("takes no part any more")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="nodes")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="nodes")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=PATH_LENGTH, db_index=True)
    depth = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveIntegerField(default=0, help_text="order among siblings")
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=20, choices=Unit.Kind.choices)
    doc_abbr = models.CharField(max_length=30, blank=True)
    staff_count = models.PositiveIntegerField(null=True)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.ACTIVE)
    expected = models.BooleanField(default=True, help_text="whether a report of its own is expected")
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_nodes"
    )

    rows = models.Manager.from_queryset(NodeQuerySet)()
    objects = ScopedManager["CampaignNode"]()

    has_below: bool = True
    """False if the reader of this row already knows that no node stands below; saves the query for them."""

    class Meta:
        default_manager_name = "rows"
        ordering = ("depth", "position", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "unit"], name="unit_once_per_campaign"),
            models.UniqueConstraint(fields=["campaign", "path"], name="path_once_per_campaign"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "path")

    def is_late(self, at: datetime) -> bool:
        """Whether something done at that moment comes after the node's deadline."""
        return at >= self.due_at


class Dispatch(models.Model):
    """The campaign was passed on from a node to a node directly below, which may return it with a reason."""

    to_node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="dispatch")
    from_node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="dispatches")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=500, blank=True)

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.from_node} → {self.to_node}"


class Acknowledgement(models.Model):
    """A unit has received the campaign (annex row 1, counted by its superior)."""

    node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="acknowledgement")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%d/%m/%Y}"


class Participation(models.Model):
    """A unit has carried the campaign out (annex row 3, counted by its superior): its own dated action."""

    node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="participation")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%d/%m/%Y}"


class Headcount(models.Model):
    """How many of a unit's own people are informed (annex row 2) or done (row 4); the latest counts.

    A row without `by` is the running count of people's own marks (portal.people).
    """

    class Kind(models.TextChoices):
        INFORMED = "informed", _("informed")
        DONE = "done", _("done")

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="headcounts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    count = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.node} · {self.kind} · {self.count}"


class KeyedAct(models.Model):
    """An act that a superior entered in a unit's name: the act, its date, and the proof.

    The act's own row (Acknowledgement, Participation, Headcount) counts; this row is its evidence.
    """

    class Act(models.TextChoices):
        ACKNOWLEDGE = "acknowledge", _("received the letter")
        DEPLOY = "deploy", _("carried the campaign out")
        COUNT_PEOPLE = "count_people", _("number of people")

    class Channel(models.TextChoices):
        PAPER = "paper", _("on paper")
        PHONE = "phone", _("by phone or message")
        VISIT = "visit", _("seen on the spot")
        ANNEX = "annex", _("their annex came as a file")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="keyed_acts")
    act = models.CharField(max_length=12, choices=Act.choices)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    happened_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    file = models.CharField(max_length=100, blank=True, help_text="path below MEDIA_ROOT")
    file_name = models.CharField(max_length=200, blank=True, help_text="as the person named it")
    sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager["KeyedAct"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.node} · {self.act} · {self.channel}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class JoinCode(models.Model):
    """Lets one person of a unit open an account or attach theirs. Only a keyed hash of the code is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="join_codes")
    digest = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        ordering = ("-issued_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["node"],
                condition=models.Q(used_at=None, revoked_at=None),
                name="one_live_join_code_per_node",
            )
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.issued_at:%d/%m/%Y}"


class ReminderRule(models.Model):
    """When to remind an audience: so many working days before (negative) or after the unit's own deadline."""

    class Channel(models.TextChoices):
        BY_HAND = "by_hand", _("a message to send by hand")
        EMAIL = "email", _("e-mail, by hand where there is no address")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reminder_rules")
    offset = models.SmallIntegerField(help_text="working days; 0 is the last day in time")
    audience = models.CharField(max_length=20, help_text="a key of audiences.AUDIENCES")
    channel = models.CharField(max_length=7, choices=Channel.choices, default=Channel.BY_HAND)
    text = models.CharField(max_length=400, blank=True, help_text="own words; empty takes the portal's")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    class Meta:
        ordering = ("offset", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "offset", "audience"], name="reminder_rule_once_per_campaign"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.offset:+}"


class Reminder(models.Model):
    """One reminder to one unit on one day, to be sent by e-mail or by hand; never two on a day.

    `claimed_at` is set before an e-mail leaves and `sent_at` after it. A process that dies between the two
    leaves an uncertain reminder; a person sees it, and the portal never sends it again by itself.
    """

    rule = models.ForeignKey(ReminderRule, null=True, on_delete=models.SET_NULL, related_name="reminders")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="reminders")
    local_date = models.DateField()
    audience = models.CharField(max_length=20)
    text = models.CharField(max_length=400, blank=True)
    channel = models.CharField(max_length=7, choices=ReminderRule.Channel.choices)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    class Meta:
        ordering = ("local_date", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "local_date"], name="one_reminder_per_node_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.local_date}"
