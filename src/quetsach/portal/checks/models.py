"""Results of checks of single machines, and the licence data that follow from them.

The content of a check stays with the people of the machine's own unit; superiors see only counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.endpoint import suffixes
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Device
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import Membership, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

PRODUCTS = (
    ("windows_office", _("Windows or Office")),
    ("windows", _("Windows")),
    ("office", _("Microsoft Office")),
    ("adobe", _("Adobe")),
    ("autodesk", _("Autodesk (AutoCAD)")),
    ("cad", _("other drawing software")),
    ("idm", _("Internet Download Manager")),
    ("jetbrains", _("JetBrains")),
    ("winrar", _("WinRAR")),
    ("accounting", _("accounting software")),
    ("other", _("other software")),
)
"""The products by which licences are counted; the names of `quetsach.endpoint.catalogue`."""


def in_own_unit(user: User | AnonymousUser, field: str) -> models.Q:
    """Rows of the units in which the person serves; not of the units below."""
    if not user.is_authenticated or not user.is_active:
        return models.Q(pk__in=[])
    return models.Q((f"{field}__in", Membership.in_force.filter(user=user).values("unit__path")))


class UploadCode(models.Model):
    """Lets its holder hand in results for a unit, once, without an account; kept as a keyed hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="upload_codes")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4, help_text="the last characters, to tell codes apart")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(
        default=0, help_text="results that came in with it; 0 as long as it is not used up"
    )
    working_at = models.DateTimeField(null=True, help_text="the last sign of the request that holds it")
    revoked_at = models.DateTimeField(null=True)

    rows = models.Manager()
    objects = ScopedManager["UploadCode"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"…{self.hint}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return in_own_unit(user, "node__path")


class KeyPair(models.Model):
    """A pair of keys of a campaign, or of one of its units (`node`). `locked` is the secret half, encrypted
    by the vault's key, which is not in the database. Retired pairs stay for later results of their packs."""

    class Kind(models.TextChoices):
        SIGNING = "signing", _("signs packs")
        SEALING = "sealing", _("opens results")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="key_pairs")
    node = models.ForeignKey(CampaignNode, null=True, on_delete=models.CASCADE, related_name="key_pairs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    public = models.CharField(max_length=64, unique=True)
    locked = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "kind"], name="one_campaign_key",
                condition=models.Q(retired_at=None, node=None),
            ),
            models.UniqueConstraint(
                fields=["campaign", "node", "kind"], name="one_unit_key",
                condition=models.Q(retired_at=None, node__isnull=False),
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.public[:12]}…"


class DetectionFile(models.Model):
    """Hashes of malicious files or YARA rules in the campaign's packs: one row for each brought file.

    The content lies on a shelf under its SHA-256 (`detections`) and never changes. A file that is taken out
    keeps its row with the reason, and may be put back.
    """

    class Kind(models.TextChoices):
        HASHES = "hashes", _("hashes of files")
        RULES = "rules", _("YARA rules")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="detection_files")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="of the file as it was brought")
    source = models.CharField(max_length=200, help_text="where it comes from")
    sha256 = models.CharField(max_length=64, help_text="of the stored content")
    count = models.PositiveIntegerField(help_text="hashes, or rules")
    left_out = models.PositiveIntegerField(default=0, help_text="lines that are no hash, or a harmless one's")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="why it was taken out")

    rows = models.Manager()
    objects = ScopedManager["DetectionFile"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "sha256"], name="detection_file_once", condition=models.Q(removed_at=None)
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "campaign__issuer__path")


class Pack(models.Model):
    """A signed pack for one unit. The file lies on a shelf, encrypted by the vault's key: it holds the secret
    that signs its results. Results name `pack_id`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="packs")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="packs")
    version = models.PositiveIntegerField()
    pack_id = models.CharField(max_length=32, unique=True)
    result_public = models.CharField(max_length=64)
    indicator_set = models.ForeignKey(IndicatorSet, on_delete=models.PROTECT, related_name="+")
    signed_with = models.ForeignKey(KeyPair, on_delete=models.PROTECT, related_name="+")
    contents = models.CharField(
        max_length=64, blank=True, help_text="names the hashes and rules in it (`detections.Contents`)"
    )
    hash_count = models.PositiveIntegerField(default=0)
    rule_count = models.PositiveIntegerField(default=0)
    profile = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, help_text="of the pack as it is downloaded")
    bytes = models.PositiveIntegerField()
    shelved = models.CharField(max_length=64, help_text="SHA-256 of the locked file on the shelf")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    lost_at = models.DateTimeField(null=True, help_text="since then its results are refused")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["Pack"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=["node", "version"], name="pack_version_once"),)

    def __str__(self) -> str:
        return f"{self.node} · {self.version}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return in_own_unit(user, "node__path")

    @property
    def file_name(self) -> str:
        """The name of the download."""
        return f"{self.campaign.slug}-{self.pack_id[:8]}-v{self.version}{suffixes.PACK}"


class CheckResult(models.Model):
    """One check of one machine. `is_latest`: no later check of that machine is known.

    `is_sealed`: the unit's pack sealed it, so nobody changed it on the way; only a sealed result can prove a
    machine clean.
    """

    VERDICTS = (
        ("found", _("signs found")),
        ("check", _("to be looked at")),
        ("traces", _("traces")),
        ("clean", _("no sign seen")),
        ("unknown", _("not enough seen")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="checks")
    digest = models.CharField(max_length=64)
    machine = models.CharField(max_length=255)
    system = models.CharField(max_length=40)
    tool = models.CharField(max_length=60)
    is_running = models.BooleanField()
    is_full = models.BooleanField()
    is_sealed = models.BooleanField(default=False)
    pack = models.ForeignKey(Pack, null=True, on_delete=models.PROTECT, related_name="results")
    machine_id = models.CharField(max_length=32, blank=True, help_text="of a sealed result")
    is_latest = models.BooleanField(default=False)
    started = models.DateTimeField()
    finished = models.DateTimeField()
    verdict = models.CharField(max_length=8, choices=VERDICTS)
    set_id = models.CharField(max_length=64, blank=True)
    indicator_set = models.ForeignKey(IndicatorSet, null=True, on_delete=models.PROTECT, related_name="+")
    people = models.PositiveSmallIntegerField(null=True, help_text="who use the machine, as a number only")
    unseen = models.JSONField(default=list)
    probes = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    software = models.JSONField(default=list, help_text="products with technical tampering")
    keys = models.JSONField(
        default=list, help_text="what it names of the machine, as pairs of kind and value"
    )
    is_waiting = models.BooleanField(default=False, help_text="its machine may be another one now")
    received_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    code = models.ForeignKey(UploadCode, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["CheckResult"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-finished", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["campaign", "digest"], name="result_once"),
            models.UniqueConstraint(
                fields=["device"], condition=models.Q(is_latest=True), name="one_latest_check"
            ),
        )
        indexes = (
            models.Index(fields=["campaign", "is_latest"], name="latest_checks"),
            models.Index(fields=["campaign"], name="check_waiting", condition=models.Q(is_waiting=True)),
        )

    def __str__(self) -> str:
        return f"{self.machine} · {self.finished:%d/%m/%Y}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return in_own_unit(user, "device__owner__path")

    @property
    def is_whole(self) -> bool:
        """Whether the check looked at everything essential."""
        return not self.unseen


class CrackedCopy(models.Model):
    """A product with technical tampering on one machine, from the first check that shows it until gone.

    Computed from the machine's results alone, and recomputed with each (`phaseout.stays`).
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="cracked")
    product = models.CharField(max_length=30, choices=PRODUCTS)
    found_at = models.DateTimeField()
    last_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "product"], name="copy_once_per_device"),)

    def __str__(self) -> str:
        return f"{self.device} · {self.product}"


class UnitPlan(models.Model):
    """A unit's own statements: its number of computers, and the day by which it has no cracked software."""

    node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="plan")
    computers = models.PositiveIntegerField(null=True)
    replace_by = models.DateField(null=True)
    kms_hosts = models.JSONField(default=list, help_text="its own activation servers")
    own_names = models.JSONField(default=list, help_text="its own names and networks")
    volume_agreement = models.BooleanField(null=True)
    at = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["UnitPlan"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return str(self.node)

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class Replacement(models.Model):
    """A product that the campaign proposes instead of a cracked one."""

    class Terms(models.TextChoices):
        FREE = "free", _("free, also for offices")
        PAID = "paid", _("to be bought")
        SHARED = "shared", _("provided by the administration")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="replacements")
    product = models.CharField(max_length=30, choices=PRODUCTS)
    name = models.CharField(max_length=100)
    terms = models.CharField(max_length=8, choices=Terms.choices)
    link = models.CharField(max_length=300, blank=True, validators=[URLValidator(schemes=["https"])])
    note = models.CharField(max_length=300, blank=True)

    rows = models.Manager()
    objects = ScopedManager["Replacement"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("product", "name")
        constraints = (
            models.UniqueConstraint(fields=["campaign", "product", "name"], name="replacement_once"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "campaign__issuer__path")
