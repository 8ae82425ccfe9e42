"""Acts on a letter. Its row is locked first; the view checks the person's right (`seat.take_seat`)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.issuing.actions import take_letter_over
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators import store
from quetsach.portal.kit import signedpdf
from quetsach.portal.letters import queries
from quetsach.portal.letters.models import Letter
from quetsach.portal.letters.order import as_order
from quetsach.portal.units.models import Unit

SHELF = "letters"
OPEN = (Campaign.Status.DRAFT, Campaign.Status.PUBLISHED)


class LetterRefusedError(PortalError):
    """The act does not fit the present state; `code` names the reason, `other` is the letter in the way."""

    def __init__(self, code: str, other: Letter | None = None) -> None:
        super().__init__(code)
        self.code, self.other = code, other


def save(
    actor: User,
    node: CampaignNode,
    letter_id: UUID,
    fields: dict[str, Any],
    version: int,
    *,
    ip: str | None = None,
) -> Letter:
    """Store a draft as typed, complete or not. The id comes with the form: a form sent twice is one letter.

    Raises LetterRefusedError: `stale` if it changed since `version`, `issued`, `closed`, `elsewhere`.
    """
    try:
        return _save(actor, node, letter_id, fields, version, ip)
    except IntegrityError:  # two first savings at once: the second uses the row of the first
        return _save(actor, node, letter_id, fields, version, ip)


@transaction.atomic
def _save(
    actor: User, node: CampaignNode, letter_id: UUID, fields: dict[str, Any], version: int, ip: str | None
) -> Letter:
    campaign = _must_run(node.campaign_id)
    letter = Letter.rows.select_for_update(no_key=True).filter(pk=letter_id).first()
    if letter is not None and (letter.campaign_id, letter.unit_id) != (node.campaign_id, node.unit_id):
        raise LetterRefusedError("elsewhere")
    if letter is not None and letter.fields == fields:
        return letter
    if letter is None:
        letter = Letter(pk=letter_id, unit=node.unit, campaign=campaign, version=0)
        letter.is_order = _is_order(letter)
    elif letter.is_issued:
        raise LetterRefusedError("issued")
    elif letter.version != version:
        raise LetterRefusedError("stale", letter)
    letter.fields, letter.symbol = fields, fields["symbol"][:200]
    _store(letter, actor)
    _tell_the_campaign(letter)
    record(actor, "letter.save", unit_path=node.path, about=letter, data=_subject(letter), ip=ip)
    return letter


@transaction.atomic
def discard(actor: User, letter: Letter, *, ip: str | None = None) -> None:
    """Delete a draft. Raises LetterRefusedError `issued`."""
    letter = _hold(letter)
    if letter.is_issued:
        raise LetterRefusedError("issued")
    record(actor, "letter.discard", unit_path=letter.unit.path, about=letter, data=_subject(letter), ip=ip)
    if letter.is_order:
        take_letter_over(letter.campaign, {})
    letter.delete()


def issue(
    actor: User,
    letter: Letter,
    number: int,
    day: date,
    *,
    version: int,
    signed: tuple[str, bytes] | None = None,
    ip: str | None = None,
) -> Letter:
    """Record the number and date that the office gave, and the `signed` file (name, bytes) if there is one.

    The same values again change nothing; if the file is refused, number and date are not stored either.
    Raises LetterRefusedError: `stale`, `taken` (the number, in that year), `issued` with other values,
    `future`, and the errors of `attach`.
    """
    file = _read(*signed) if signed else None
    with transaction.atomic():
        letter = _issue(actor, letter, number, day, version, ip)
        return _attach(actor, letter, file, ip) if file else letter


def _issue(actor: User, letter: Letter, number: int, day: date, version: int, ip: str | None) -> Letter:
    letter = _hold(letter)
    if letter.is_issued:
        if (letter.number, letter.issued_on) == (number, day):
            return letter
        raise LetterRefusedError("issued")
    if letter.version != version:
        raise LetterRefusedError("stale", letter)
    if day > timezone.localdate():
        raise LetterRefusedError("future")
    Unit.rows.select_for_update(no_key=True).get(
        pk=letter.unit_id
    )  # two letters never take one number at once
    taken = queries.same_number(letter, number, day.year)
    if taken is not None:
        raise LetterRefusedError("taken", taken)
    letter.number, letter.issued_on, letter.issued_at = number, day, timezone.now()
    letter.state = Letter.State.ISSUED
    letter.fields = {**letter.fields, "number": number, "date": day.isoformat()}
    _store(letter, actor)
    _tell_the_campaign(letter)
    record(actor, "letter.issue", unit_path=letter.unit.path, about=letter, data=_named(letter), ip=ip)
    return letter


def attach(actor: User, letter: Letter, name: str, pdf: bytes, *, ip: str | None = None) -> Letter:
    """Store the signed file of an issued letter, with its signatures' present results. A later file replaces
    it.

    Raises LetterRefusedError: a code of `signedpdf.REFUSALS`, or `draft` for a letter without number.
    """
    return _attach(actor, letter, _read(name, pdf), ip)


def _read(name: str, pdf: bytes) -> signedpdf.SignedPdf:
    try:
        return signedpdf.read(name, pdf)
    except signedpdf.SignedPdfError as error:
        raise LetterRefusedError(error.code) from error


@transaction.atomic
def _attach(actor: User, letter: Letter, file: signedpdf.SignedPdf, ip: str | None) -> Letter:
    letter = _hold(letter)
    if not letter.is_issued:
        raise LetterRefusedError("draft")
    sha256, _size = store.keep([file.content], SHELF)
    if letter.signed_sha256 == sha256:
        return letter
    letter.signed_sha256, letter.signed_name, letter.signatures = sha256, file.name, file.signatures
    _store(letter, actor)
    data = {**_named(letter), "sha256": sha256}
    record(actor, "letter.sign", unit_path=letter.unit.path, about=letter, data=data, ip=ip)
    return letter


@transaction.atomic
def withdraw(actor: User, letter: Letter, *, ip: str | None = None) -> Letter:
    """Take "issued" back on the day of entry; number, date and signed file are deleted.

    Raises LetterRefusedError `another_day`.
    """
    letter = _hold(letter)
    if not letter.is_issued or letter.issued_at is None:
        return letter
    if timezone.localdate(letter.issued_at) != timezone.localdate():
        raise LetterRefusedError("another_day")
    data = {**_named(letter), "sha256": letter.signed_sha256}
    letter.state, letter.number, letter.issued_on, letter.issued_at = Letter.State.DRAFT, None, None, None
    letter.signed_sha256, letter.signed_name, letter.signatures = "", "", []
    letter.fields = {**letter.fields, "number": None, "date": None}
    _store(letter, actor)
    _tell_the_campaign(letter)
    record(actor, "letter.withdraw", unit_path=letter.unit.path, about=letter, data=data, ip=ip)
    return letter


def _hold(letter: Letter) -> Letter:
    held = (
        Letter.rows.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "campaign")
        .filter(pk=letter.pk)
    )
    found = held.first()
    if found is None:
        raise LetterRefusedError("gone")
    _must_run(found.campaign_id)
    return found


def _must_run(campaign_id: UUID) -> Campaign:
    campaign = Campaign.objects.filter(pk=campaign_id, status__in=OPEN).first()
    if campaign is None:
        raise LetterRefusedError("closed")
    return campaign


def _is_order(letter: Letter) -> bool:
    """Whether the letter starts the campaign: the issuer's first, unless the order came another way."""
    campaign = letter.campaign
    if letter.unit_id != campaign.issuer_id:
        return False
    is_wanted = campaign.status == Campaign.Status.DRAFT or not campaign.letter
    return is_wanted and queries.order_of(campaign) is None


def _tell_the_campaign(letter: Letter) -> None:
    """Copy the letter to the campaign, whose order units read."""
    if letter.is_order:
        take_letter_over(letter.campaign, as_order(letter.fields).to_json())


def _store(letter: Letter, actor: User) -> None:
    letter.version += 1
    letter.changed_at, letter.changed_by = timezone.now(), actor
    letter.save()


def _subject(letter: Letter) -> dict[str, str]:
    return {"subject": str(letter)[:200]}


def _named(letter: Letter) -> dict[str, str]:
    return {"number": f"{str(letter.number).zfill(2)}/{letter.symbol}"}
