"""Invites people, changes and ends roles, locks accounts, offers new passwords, hands roles over."""

from __future__ import annotations

from datetime import date, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.kit.mail import Fate, deliver
from quetsach.portal.sso import actions as sso
from quetsach.portal.sso.identity import Proof
from quetsach.portal.staff.invitation_mail import words
from quetsach.portal.staff.links import DAYS, digest, new_token
from quetsach.portal.staff.models import HandOver, Invitation
from quetsach.portal.units.models import Membership, Unit
from quetsach.portal.units.role_term import ended_now, term

PAUSE = timedelta(minutes=1)
"""The least time between two e-mails with the same link."""


class StaffError(PortalError):
    """`code`: `dead` (the link opens nothing), `name_taken`, `nothing` (no role to hand over), `linked` (the
    proven person already has an account), `just_sent` (an e-mail with such a link left a moment ago)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def invite(
    unit: Unit, role: str, until: date | None, actor: User | None, *, email: str = "", ip: str | None = None
) -> str:
    """Invite somebody; returns the link's token, which is never stored. Raises StaffError `just_sent`."""
    if email:
        Unit.rows.select_for_update(no_key=True).get(pk=unit.pk)  # of a double click one waits for the other
        twins = Invitation.rows.filter(unit=unit, role=role, email=email, issued_by=actor)
        if twins.filter(issued_at__gt=timezone.now() - PAUSE, used_at=None, revoked_at=None).exists():
            raise StaffError("just_sent")
    token = new_token()
    row = _link(unit, role, token, actor, until=until, email=email)
    data = {"unit": unit.name, "role": role, "until": until.isoformat() if until else None}
    record(actor, "account.invite", unit_path=unit.path, about=row, data=data, ip=ip)
    return token


@transaction.atomic
def renew(row: Invitation, actor: User, *, by_mail: bool = False, ip: str | None = None) -> str:
    """A new link for the same invitation, with the full term again; the old link opens nothing any more.

    `by_mail`: send_link follows, and the link counts as sent from now on, so that a second click waits.
    Raises StaffError: `dead` for a used or revoked link, `just_sent`.
    """
    row = Invitation.rows.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=row.pk)
    if row.used_at or row.revoked_at:
        raise StaffError("dead")
    if row.sent_at and row.sent_at > timezone.now() - PAUSE:
        raise StaffError("just_sent")
    token = new_token()
    row.digest, row.expires_at = digest(token), timezone.now() + timedelta(days=DAYS)
    row.sent_at, row.issued_by = timezone.now() if by_mail else None, actor
    row.save(update_fields=["digest", "expires_at", "sent_at", "issued_by"])
    record(actor, "account.renew_invitation", unit_path=row.unit.path, about=row,
           data={"unit": row.unit.name}, ip=ip)  # fmt: skip
    return token


def send_link(row: Invitation, token: str, actor: User, *, ip: str | None = None) -> Fate:
    """Send the link to the invitation's e-mail address; returns the e-mail's fate.

    An e-mail that may have left counts as sent, so that an impatient click makes no second one.
    """
    fate = deliver(*words(row, token), row.email)
    may_have_left = fate in {Fate.SENT, Fate.UNSURE}
    with transaction.atomic():
        Invitation.rows.filter(pk=row.pk).update(sent_at=timezone.now() if may_have_left else None)
        if fate is Fate.SENT:
            record(actor, "account.send_invitation", unit_path=row.unit.path, about=row,
                   data={"unit": row.unit.name}, ip=ip)  # fmt: skip
    return fate


@transaction.atomic
def offer_password(person: User, unit: Unit, actor: User, *, ip: str | None = None) -> str:
    """The token of a link by which the person chooses a new password; earlier links open nothing any more."""
    Invitation.rows.filter(person=person, used_at=None, revoked_at=None).update(revoked_at=timezone.now())
    token = new_token()
    row = _link(unit, "", token, actor, person=person)
    data = {"person": person.get_full_name()}
    record(actor, "account.offer_password", unit_path=unit.path, about=row, data=data, ip=ip)
    return token


def _link(
    unit: Unit,
    role: str,
    token: str,
    actor: User | None,
    *,
    until: date | None = None,
    person: User | None = None,
    email: str = "",
) -> Invitation:
    return Invitation.rows.create(
        unit=unit, role=role, until=until, person=person, email=email, digest=digest(token), issued_by=actor,
        expires_at=timezone.now() + timedelta(days=DAYS),
    )  # fmt: skip


@transaction.atomic
def revoke(row: Invitation, actor: User, *, ip: str | None = None) -> None:
    """End a link. A second call changes nothing."""
    if Invitation.rows.filter(pk=row.pk, used_at=None, revoked_at=None).update(revoked_at=timezone.now()):
        record(actor, "account.revoke_invitation", unit_path=row.unit.path, about=row,
               data={"unit": row.unit.name}, ip=ip)  # fmt: skip


def _use(sha: str, user: User) -> Invitation:
    row = (
        Invitation.rows.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "issued_by")
        .filter(digest=sha)
        .first()
    )
    if row is None or not row.is_live:
        raise StaffError("dead")
    row.used_at, row.used_by = timezone.now(), user
    row.save(update_fields=["used_at", "used_by"])
    return row


@transaction.atomic
def accept(sha: str, user: User, *, ip: str | None = None) -> Invitation:
    """Take the role of the link with this digest, which is then used up. Raises StaffError `dead`."""
    row = _use(sha, user)
    if row.person_id is not None:
        raise StaffError("dead")
    Membership.ever.update_or_create(user=user, unit=row.unit, role=row.role, defaults=term(None, row.until))
    data = {"unit": row.unit.name, "role": row.role}
    record(user, "account.accept", unit_path=row.unit.path, about=user, data=data, ip=ip)
    return row


@transaction.atomic
def open_account(
    sha: str,
    name: str,
    full_name: str,
    phone: str,
    *,
    password: str | None = None,
    proof: Proof | None = None,
    ip: str | None = None,
) -> User:
    """Make an account and take the role with it, or do neither: by a password, or by a proven person's key.

    Raises StaffError: `dead`, `name_taken`, `linked`.
    """
    try:
        with transaction.atomic():
            if User.objects.filter(username__iexact=name).exists():
                raise StaffError("name_taken")
            user = User.objects.create_user(name, password=password, full_name=full_name, phone=phone)
    except IntegrityError as error:
        raise StaffError("name_taken") from error
    accept(sha, user, ip=ip)
    if proof is not None:
        try:
            sso.link(user, proof.key, ip=ip)
        except sso.LinkError as error:
            raise StaffError("linked") from error
    return user


@transaction.atomic
def set_password(token: str, password: str, *, ip: str | None = None) -> User:
    """Choose a new password by a link; ends all sign-ins. Raises StaffError."""
    row = Invitation.rows.filter(digest=digest(token)).select_related("person").first()
    if row is None or row.person is None:
        raise StaffError("dead")
    person = row.person
    _use(digest(token), person)
    person.set_password(password)
    person.save(update_fields=["password"])
    _end_sign_ins(person)
    record(person, "account.set_password", unit_path=row.unit.path, about=person, ip=ip)
    return person


@transaction.atomic
def change_seat(
    seat: Membership, role: str, until: date | None, actor: User, *, ip: str | None = None
) -> None:
    """Change the role or the last day; replaces the person's other membership with that role there."""
    old = seat.get_role_display()
    Membership.ever.filter(user=seat.user, unit=seat.unit, role=role).exclude(pk=seat.pk).delete()
    seat.role, seat.until = role, until
    seat.save(update_fields=["role", "until"])
    new = seat.get_role_display() + (f" – {until:%d/%m/%Y}" if until else "")
    data = {"person": seat.user.get_full_name(), "unit": seat.unit.name, "old": str(old), "new": str(new)}
    record(actor, "account.change_seat", unit_path=seat.unit.path, about=seat.user, data=data, ip=ip)


@transaction.atomic
def end_seat(seat: Membership, reason: str, actor: User, *, ip: str | None = None) -> None:
    """End a role at once. It stays known, so that the person can be told and the role given again."""
    data = {"person": seat.user.get_full_name(), "unit": seat.unit.name, "role": seat.role, "reason": reason}
    record(actor, "account.end_seat", unit_path=seat.unit.path, about=seat.user, data=data, ip=ip)
    Membership.ever.filter(pk=seat.pk).update(**ended_now(reason))


@transaction.atomic
def give_again(
    seat: Membership, role: str, until: date | None, actor: User, *, ip: str | None = None
) -> None:
    """A role in the unit again, from today on, for a person whose role there has ended."""
    Membership.ever.filter(user=seat.user, unit=seat.unit, role=role).exclude(pk=seat.pk).delete()
    Membership.ever.filter(pk=seat.pk).update(role=role, **term(timezone.localdate(), until))
    data = {"person": seat.user.get_full_name(), "unit": seat.unit.name, "role": role}
    record(actor, "account.give_again", unit_path=seat.unit.path, about=seat.user, data=data, ip=ip)


@transaction.atomic
def lock(person: User, reason: str, actor: User, *, ip: str | None = None) -> None:
    """Lock the account; ends all sign-ins. A second call changes nothing."""
    if User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        _end_sign_ins(person)
        _about(person, "account.lock", actor, ip, reason=reason)


@transaction.atomic
def unlock(person: User, actor: User, *, ip: str | None = None) -> None:
    """Unlock the account."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        _about(person, "account.unlock", actor, ip)


@transaction.atomic
def reset_second_step(person: User, actor: User | None, *, ip: str | None = None) -> None:
    """Switch the person's one-time codes off, for a lost phone; ends all sign-ins."""
    Authenticator.objects.filter(user=person).delete()
    _end_sign_ins(person)
    _about(person, "account.reset_second_step", actor, ip)


@transaction.atomic
def unlink(person: User, actor: User, *, ip: str | None = None) -> None:
    """Remove the person's link with the identity provider; ends all sign-ins."""
    if sso.unlink(person, actor, ip=ip):
        _end_sign_ins(person)


@transaction.atomic
def hand_over(
    giver: User, taker: User, on: date, reason: str, actor: User, *, ip: str | None = None
) -> HandOver:
    """Give all roles of one person to the other from the day on; the giver's last day is the day before."""
    seats = list(
        Membership.ever.select_for_update(of=("self",), no_key=True).filter(user=giver).select_related("unit")
    )
    seats = [seat for seat in seats if seat.until is None or seat.until >= on]
    if not seats:
        raise StaffError("nothing")
    for seat in seats:
        _take(taker, seat, on)
        seat.until = on - timedelta(days=1)
        seat.save(update_fields=["until"])
    roles = [[seat.role, seat.unit.name] for seat in seats]
    row = HandOver.rows.create(giver=giver, taker=taker, on=on, reason=reason, seats=roles, by=actor)
    data = {"giver": giver.get_full_name(), "taker": taker.get_full_name(), "on": f"{on:%d/%m/%Y}",
            "reason": reason, "seats": roles}  # fmt: skip
    top = min((seat.unit.path for seat in seats), key=len)
    record(actor, "account.hand_over", unit_path=top, about=row, data=data, ip=ip)
    return row


@transaction.atomic
def note_trail_export(path: str, file: str, count: int, actor: User, *, ip: str | None) -> None:
    """Record in the audit trail that a part of it was exported."""
    record(actor, "audit.export", unit_path=path, data={"file": file, "count": count}, ip=ip)


def _take(taker: User, seat: Membership, on: date) -> None:
    """Give the taker the role from the day on; a role that they already have is only extended."""
    own, is_new = Membership.ever.get_or_create(
        user=taker, unit=seat.unit, role=seat.role, defaults={"since": on, "until": seat.until}
    )
    if is_new:
        return
    if own.until is not None and own.until < on:
        own.since = on  # the role ended long ago
    own.until = None if own.until is None or seat.until is None else max(own.until, seat.until)
    own.ended_on, own.end_reason = None, ""
    own.save(update_fields=["since", "until", "ended_on", "end_reason"])


def _about(person: User, action: str, actor: User | None, ip: str | None, **more: str) -> None:
    paths = Membership.ever.filter(user=person).values_list("unit__path", flat=True)
    data = {"person": person.get_full_name(), **more}
    record(actor, action, unit_path=min(paths, key=len, default=""), about=person, data=data, ip=ip)


def _end_sign_ins(person: User) -> None:
    for session in UserSession.objects.filter(user=person):
        session.end()
