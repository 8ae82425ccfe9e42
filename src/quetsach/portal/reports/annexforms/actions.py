"""Publishes forms that an office wrote, and sets the form of a campaign."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.annexes.form.definition import Form
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.models import FormVersion, Report, Revision


@transaction.atomic
def publish_form(actor: User, campaign: Campaign, form: Form, *, ip: str | None = None) -> FormVersion:
    """Store a version for this and every later campaign. The same definition again changes nothing."""
    kept = FormVersion.rows.filter(key=form.version).first()
    if kept is not None:
        return kept
    version = FormVersion.rows.create(
        key=form.version, definition=form.as_dict(), based_on=campaign.form, by=actor, at=timezone.now()
    )
    record(
        actor,
        "report.publish_form",
        unit_path=campaign.issuer.path,
        about=campaign,
        data={"form": form.version},
        ip=ip,
    )
    return version


@transaction.atomic
def choose_form(actor: User, campaign: Campaign, form: Form, *, ip: str | None = None) -> None:
    """Use a form in a campaign. Raises ReportError once a report was sent: two forms do not add up."""
    if campaign.form == form.version:
        return
    if Revision.rows.filter(report__node__campaign=campaign).exists():
        raise ReportError(
            _("Units have sent reports by the present form already. Use the new one in the next campaign.")
        )
    Campaign.objects.filter(pk=campaign.pk).update(form=form.version)
    # Entries typed in the old form would stand in the wrong rows.
    Report.rows.filter(node__campaign=campaign).update(draft={}, draft_key=None, version=0)
    campaign.form = form.version
    record(
        actor,
        "report.choose_form",
        unit_path=campaign.issuer.path,
        about=campaign,
        data={"form": form.version},
        ip=ip,
    )
