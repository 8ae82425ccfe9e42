"""People who sign in. Their rights are in units.Membership."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """One person. `full_name` is written family name first, as in Vietnamese."""

    full_name = models.CharField(_("full name"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    second_step_due = models.DateTimeField(
        null=True,
        blank=True,
        help_text="from when on one-time codes are demanded",
    )

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def __str__(self) -> str:
        return self.get_full_name()
