"""Records that an office signed and issued a report outside the portal, with the signed PDF if any."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.annexes.form.entry import clean_text
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.indicators import store as shelves
from quetsach.portal.kit.signedpdf import SignedPdf
from quetsach.portal.reports.errors import ReportError, StaleReport
from quetsach.portal.reports.held_actions import hold, must_be_running, note, store
from quetsach.portal.reports.models import Report, ReportEvent, SignedCopy, Signing

SHELF = "signed"
MOST_REASON = 2000
_SIGNED_FROM = {Report.State.SUBMITTED, Report.State.ACCEPTED}


class AlreadyAttachedError(ReportError):
    """There is another signed file, and nobody gave a reason to replace it."""

    def __init__(self) -> None:
        super().__init__(
            _("A signed file is kept already. Say why this one takes its place; both stay kept.")
        )


@transaction.atomic
def sign(
    actor: User,
    node: CampaignNode,
    number: int,
    document: str,
    file: SignedPdf | None = None,
    *,
    ip: str | None = None,
) -> Signing:
    """Record that revision `number` was signed and issued, as `document` (number and date), with its `file`.

    From now on the accepted reports below it are locked, and a later change there never changes its sum. A
    second call for the same revision changes nothing. Raises StaleReport if it is no longer the revision last
    sent, and the errors of `attach`; then nothing is recorded.
    """
    document = " ".join(clean_text(document).split())[:120]
    report = hold(node)
    must_be_running(node)
    revision = report.current
    if revision is None or revision.number != number or report.state not in _SIGNED_FROM:
        raise _stale(report)
    signing = Signing.rows.filter(revision=revision).first()
    if signing is None:
        signing = Signing.rows.create(revision=revision, by=actor, at=timezone.now(), document=document)
        store(report)
        note(report, ReportEvent.Type.SIGN, actor, document)
        details = {"revision": number, **({"reason": document} if document else {})}
        record(actor, "report.sign", unit_path=node.path, about=report, data=details, ip=ip)
    if file is not None:
        _keep(actor, node, report, signing, file, "", ip)
    return signing


@transaction.atomic
def attach(
    actor: User,
    node: CampaignNode,
    number: int,
    file: SignedPdf,
    reason: str = "",
    *,
    ip: str | None = None,
) -> SignedCopy:
    """Store the signed PDF of revision `number`, which must be the last signed one; a reason allows to
    replace another file.

    The same file again changes nothing. Raises AlreadyAttachedError, StaleReport.
    """
    report = hold(node)
    must_be_running(node)
    signing = Signing.rows.filter(revision__report=report).select_related("revision").order_by("-at").first()
    if signing is None or signing.revision.number != number:
        raise _stale(report)
    return _keep(actor, node, report, signing, file, clean_text(reason)[:MOST_REASON], ip)


def _keep(
    actor: User,
    node: CampaignNode,
    report: Report,
    signing: Signing,
    file: SignedPdf,
    reason: str,
    ip: str | None,
) -> SignedCopy:
    sha256, _size = shelves.keep([file.content], SHELF)
    before = signing.copies.first()
    if before is not None and before.sha256 == sha256:
        return before
    if before is not None and not any(char.isalnum() for char in reason):
        raise AlreadyAttachedError
    copy = SignedCopy.rows.create(
        signing=signing,
        sha256=sha256,
        name=file.name,
        signatures=file.signatures,
        by=actor,
        at=timezone.now(),
        reason=reason if before else "",
    )
    ReportEvent.rows.create(
        report=report,
        type=ReportEvent.Type.ATTACH,
        revision=signing.revision,
        actor=actor,
        at=copy.at,
        reason=copy.reason,
    )
    details = {"revision": signing.revision.number, "sha256": sha256}
    action = "report.replace_signed" if before else "report.attach_signed"
    details |= {"reason": copy.reason, "before": before.sha256} if before else {}
    record(actor, action, unit_path=node.path, about=report, data=details, ip=ip)
    return copy


def _stale(report: Report) -> StaleReport:
    return StaleReport(_("The report has changed since you looked at it. Look again, then decide."), report)
