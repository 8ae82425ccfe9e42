"""What an office knows about its machines: claims, bindings and decisions of people, as rows that only grow.

They belong to units, not to campaigns: a register outlives a campaign. Machines are computed from these rows
(`quetsach.machines.identity`); the app cases keeps the machines that have cases. Times of evidence are
microseconds since 1970 in UTC, as in `quetsach.machines.evidence`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.machines.address_models import AskedAddress as AskedAddress
from quetsach.portal.machines.clock_models import ClockDifference as ClockDifference
from quetsach.portal.machines.register_models import RegisterFigures as RegisterFigures
from quetsach.portal.machines.register_models import RegisterRow as RegisterRow
from quetsach.portal.units.models import SEGMENT, ApiToken, Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

LONGEST = 255
"""Characters of a key's value, a source's name, an address."""
_LONGEST_ID = LONGEST + SEGMENT + 1
"""A key, the unit in which it counts, and a space between them."""


def _kept_at(file: EvidenceFile, _name: str) -> str:
    """A path by content, without the sender's file name: nothing hostile becomes a path."""
    return f"machines/{file.digest[:2]}/{file.digest}-{file.pk}"


def _document_at(file: EvidenceFile, _name: str) -> str:
    return f"evidence/{file.digest[:2]}/{file.digest}-{file.pk}"


class EvidenceFile(models.Model):
    """Files of one source that a unit gave, or a document of evidence that a program pushed.

    Without `accepted_at` it is a draft with a preview: `content` holds the files as they came, which go when
    the person agrees. `document` holds their claims and bindings (docs/evidence.md, compressed). It serves
    to put back a file that was taken back, and to tell anew the evidence of other files. `kinds` counts what
    was recognised, `left` the lines that told nothing, by reason; `leftovers` holds the first of them.
    `fresh` counts the rows that were new. `unfinished` is the act whose rows do not all follow yet
    (`uploads.settling_actions`): a process that was stopped leaves it, and the next run goes on.
    """

    class Act(models.TextChoices):
        ACCEPT = "accept"
        TAKE_BACK = "take_back"
        PUT_BACK = "put_back"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="evidence_files")
    source = models.CharField(max_length=LONGEST, help_text="the name of the source, chosen by the unit")
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    content = models.FileField(
        upload_to=_kept_at, max_length=200, blank=True, help_text="path below MEDIA_ROOT"
    )
    document = models.FileField(
        upload_to=_document_at, max_length=200, blank=True, help_text="path below MEDIA_ROOT"
    )
    told = models.JSONField(default=dict, help_text="what the person said of it: zone, length, columns")
    kinds = models.JSONField(default=dict)
    claims = models.PositiveIntegerField(default=0)
    bindings = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)
    leftovers = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    fresh = models.PositiveIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, help_text="when it was taken back")
    gone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    gone_why = models.CharField(max_length=500, blank=True)
    unfinished = models.CharField(max_length=9, blank=True)

    rows = models.Manager()
    objects = ScopedManager["EvidenceFile"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=["unit", "-created_at"], name="evidence_file_latest"),
            models.Index(fields=["id"], name="evidence_unfinished", condition=~models.Q(unfinished="")),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")


class ColumnMapping(models.Model):
    """What the headings of a unit's source mean, as a person said it last. `headings` is the SHA-256 of the
    headings, so that a source may send two kinds of files."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=LONGEST)
    headings = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    rows = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["unit", "source", "headings"], name="column_mapping_once"),
        )

    def __str__(self) -> str:
        return self.source


class StoredClaim(models.Model):
    """A claim: these keys were on one machine (`evidence.Claim`). `digest` is the SHA-256 of the whole claim.
    `file` is the latest file that told it. `is_taken`: the app cases has looked at what the row changes.
    `is_gone`: its file was taken back; the row says nothing any more and is deleted once it is taken."""

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(EvidenceFile, null=True, on_delete=models.SET_NULL, related_name="+")
    digest = models.CharField(max_length=64)
    keys = models.JSONField(help_text="pairs of kind and value")
    begin = models.BigIntegerField()
    end = models.BigIntegerField()
    source = models.CharField(max_length=LONGEST)
    about = models.JSONField(default=dict)
    is_taken = models.BooleanField(default=False)
    is_gone = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=False, help_text="the register follows what the row changes")

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["unit", "digest"], name="claim_once"),)
        indexes = (
            models.Index(fields=["id"], name="claim_waiting", condition=models.Q(is_taken=False)),
            models.Index(fields=["unit"], name="claim_unlisted", condition=models.Q(is_listed=False)),
            models.Index(fields=["unit", "source"], name="claim_of_source"),
        )

    def __str__(self) -> str:
        return f"{self.source}: {self.keys}"


class StoredBinding(models.Model):
    """A binding: an address stood for a key during a span (`evidence.Binding`). `digest` is the SHA-256 of
    all but the end: of several rows with one beginning the earliest end stays (`statements.latest`).
    `label` is the first label of a host name, for which related units are asked. `network` is the network
    around the address, as offices use them (`tables.network_of`). `file`, `is_taken` and `is_gone` are those
    of a claim."""

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(EvidenceFile, null=True, on_delete=models.SET_NULL, related_name="+")
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=9)
    address = models.CharField(max_length=45)
    network = models.CharField(max_length=49)
    key_kind = models.CharField(max_length=10)
    key_value = models.CharField(max_length=LONGEST)
    label = models.CharField(max_length=LONGEST, blank=True)
    begin = models.BigIntegerField()
    end = models.BigIntegerField()
    source = models.CharField(max_length=LONGEST)
    protocol = models.CharField(max_length=16, blank=True)
    port = models.PositiveIntegerField(default=0)
    is_taken = models.BooleanField(default=False)
    is_gone = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=False, help_text="the register follows what the row changes")

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["unit", "digest"], name="binding_once"),)
        indexes = (
            models.Index(fields=["id"], name="binding_waiting", condition=models.Q(is_taken=False)),
            models.Index(fields=["unit"], name="binding_unlisted", condition=models.Q(is_listed=False)),
            models.Index(fields=["address", "begin"], name="binding_of_address"),
            models.Index(fields=["network", "begin"], name="binding_of_network"),
            models.Index(fields=["key_value", "key_kind"], name="binding_of_key"),
            models.Index(fields=["label"], name="binding_of_name", condition=~models.Q(label="")),
            models.Index(fields=["unit", "source"], name="binding_of_source"),
        )

    def __str__(self) -> str:
        return f"{self.address} → {self.key_value}"


class KeptNetwork(models.Model):
    """A unit keeps a table of this kind of a private network, so that no other unit's table speaks for it
    (`tables.Kept`). Filled with the bindings, because asking millions of them takes too long."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    network = models.CharField(max_length=49)
    kind = models.CharField(max_length=9)
    is_taken = models.BooleanField(default=False)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["network", "unit", "kind"], name="kept_network_once"),)

    def __str__(self) -> str:
        return f"{self.network} · {self.kind}"


class StoredDecision(models.Model):
    """The word of a person on keys (`evidence.Decision`); its id is the decision's id. `unit` is the unit for
    which the person spoke, and its depth in the tree is the rank. A key that counts within a unit has the end
    of the unit's path before it (`spelling`), since the rest changes when the tree is reorganised."""

    VERDICTS = (
        ("same", _("one machine")),
        ("different", _("two machines")),
        ("replaced", _("replaced by another machine")),
        ("retired", _("no longer in use")),
        ("confirmed", _("confirmed")),
        ("forwarder", _("an address that asks for others")),
        ("single", _("an address of one machine")),
        ("withdrawn", _("taken back")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=9, choices=VERDICTS)
    left_kind = models.CharField(max_length=10)
    left_value = models.CharField(max_length=_LONGEST_ID)
    right_kind = models.CharField(max_length=10, blank=True)
    right_value = models.CharField(max_length=_LONGEST_ID, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    withdraws = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="withdrawals")
    machine = models.CharField(
        max_length=10,
        blank=True,
        help_text="pc, server, phone, printer, guest, other; resolver, proxy, gateway",
    )
    begin = models.BigIntegerField(default=0, help_text="of a word on an address: since when it holds")
    end = models.BigIntegerField(null=True, help_text="until when; empty: without an end")
    is_taken = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=False)

    rows = models.Manager()
    objects = ScopedManager["StoredDecision"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=["id"], name="decision_waiting", condition=models.Q(is_taken=False)),)

    def __str__(self) -> str:
        return f"{self.verdict}: {self.left_value} {self.right_value}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")


class StoredLink(models.Model):
    """What binds a claim or a decision to others (`components.Link`): a key, or the label of a host name that
    counts in the unit, above and below (`is_local`)."""

    id = models.BigAutoField(primary_key=True)
    claim = models.ForeignKey(StoredClaim, null=True, on_delete=models.CASCADE, related_name="links")
    decision = models.ForeignKey(StoredDecision, null=True, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=LONGEST)
    is_local = models.BooleanField(default=False)

    rows = models.Manager()

    class Meta:
        indexes = (models.Index(fields=["value", "kind"], name="link_of_key"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(claim__isnull=False) ^ models.Q(decision__isnull=False), name="link_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
