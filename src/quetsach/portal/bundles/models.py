"""A bundle is a job: a list of papers to draw, each kept as soon as it is drawn, then one ZIP of them.

A worker holds the bundle until `held_until` and moves that moment on with every paper. A process that dies
leaves the bundle behind; the next worker draws only the missing papers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Bundle(models.Model):
    """All reports at a node and below. Its files lie below MEDIA_ROOT in a folder named by its id."""

    class State(models.TextChoices):
        MAKING = "making", _("being made")
        DONE = "done", _("ready")
        STOPPED = "stopped", _("stopped")

    class Trouble(models.TextChoices):
        DISK = "disk", _("the portal's disk is full")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="bundles")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.MAKING)
    trouble = models.CharField(max_length=10, choices=Trouble.choices, blank=True)
    held_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0, help_text="bytes of the ZIP")

    rows = models.Manager()
    objects = ScopedManager["Bundle"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["node"], condition=models.Q(state="making"), name="one_bundle_in_the_making"
            )
        ]

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class BundlePart(models.Model):
    """One paper of a bundle: drawn when it has a hash, not drawable when it has a fault.

    A signed report stands in the bundle as its unit uploaded it, beside the report that the portal draws.
    """

    class Paper(models.TextChoices):
        REPORT = "report", _("report on all units below")
        ANNEX = "annex", _("annex")
        SIGNED = "signed", _("signed report")

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    paper = models.CharField(max_length=6, choices=Paper.choices)
    sha256 = models.CharField(max_length=64, blank=True)
    fault = models.CharField(max_length=300, blank=True)

    rows = models.Manager()

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bundle", "number"], name="bundle_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.paper}"
