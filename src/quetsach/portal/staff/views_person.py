"""One person's roles: for the people who manage them, and for the person."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.sso.queries import linked_since
from quetsach.portal.staff import actions, queries
from quetsach.portal.staff.forms import HandOverForm, ReasonForm, SeatForm
from quetsach.portal.staff.views import show_link
from quetsach.portal.units.models import Membership
from quetsach.portal.units.no_role import no_role_of
from quetsach.portal.units.roles import Verb, fits, places_of

GET_OR_POST = ["GET", "HEAD", "POST"]


@login_required
@never_cache
@require_safe
def my_account(request: HttpRequest) -> HttpResponse:
    """The reader's own roles, and the locks of their account."""
    assert isinstance(request.user, User)
    seats = queries.seats_of(request.user)
    context = {
        "seats": seats,
        "no_role": None if any(seat.is_in_force for seat in seats) else no_role_of(request.user),
        "hand_overs": queries.hand_overs(request.user),
        "today": timezone.localdate(),
        "is_coordinator": bool(queries.tops(request.user, Verb.READ_AUDIT)),
        "linked": linked_since(request.user),
        "answers": bool(queries.tops(request.user, Verb.MANAGE_SEATS)),
    }
    return render(request, "staff/my_account.html", context)


def _person(request: HttpRequest, person_id: int) -> tuple[User, list[Membership]]:
    """The person with their roles in the reader's area, or 404."""
    paths = queries.tops(request.user, Verb.READ_AUDIT)
    seats = list(queries.seats(paths).filter(user=person_id)) if paths else []
    if not seats:
        raise Http404
    return seats[0].user, seats


@never_cache
@require_http_methods(GET_OR_POST)
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person; a POST locks, unlocks, offers a new password or switches their codes off."""
    row, seats = _person(request, person_id)
    actor = request.user
    assert isinstance(actor, User)
    may_all = queries.may_change(actor, row)
    may_offer = queries.may_offer_password(actor, row)
    may_reset = queries.may_change(actor, row, Verb.RESET_SECOND_STEP)
    reason = ReasonForm(request.POST if request.POST.get("do") == "lock" else None)
    if request.method == "POST":
        act, ip = request.POST.get("do", ""), client_ip_text(request)
        if not {"reset": may_reset, "password": may_offer}.get(act, may_all):
            raise Http404
        if act == "lock" and reason.is_valid():
            actions.lock(row, reason.cleaned_data["reason"], actor, ip=ip)
        elif act == "unlock":
            actions.unlock(row, actor, ip=ip)
        elif act == "reset":
            actions.reset_second_step(row, actor, ip=ip)
            messages.success(request, _("The codes of %(name)s are off.") % {"name": row})
        elif act == "unlink":
            actions.unlink(row, actor, ip=ip)
            messages.success(request, _("The link of %(name)s is removed.") % {"name": row})
            if not row.has_usable_password():
                messages.warning(request, _("Nothing opens the account now: make a link for a new password."))
        elif act == "password":
            return show_link(
                request, actions.offer_password(row, seats[0].unit, actor, ip=ip), seats[0].unit, row
            )
        if not reason.errors:
            return redirect("staff_person", row.pk)
    places = places_of(actor)
    managed = {
        s.pk
        for s in seats
        if row != actor
        and fits(places, Verb.MANAGE_SEATS, s.unit.path)
        and not (s.is_over and s.unit.is_retired)
    }
    context = {
        "person": row, "seats": seats, "managed": managed, "may_all": may_all, "reason": reason,
        "may_reset": may_reset, "may_offer": may_offer,
        "hand_overs": queries.hand_overs(row), "today": timezone.localdate(),
        "has_role": any(not s.is_over for s in seats),
        "may_hand_over": _may_hand_over(actor, row), "linked": linked_since(row),
    }  # fmt: skip
    return render(request, "staff/person.html", context)


@never_cache
@require_http_methods(GET_OR_POST)
def seat(request: HttpRequest, seat_id: int) -> HttpResponse:
    """Change one role or its last day, or end it; one that has ended is given again."""
    paths = queries.tops(request.user, Verb.MANAGE_SEATS)
    row = queries.seats(paths).filter(pk=seat_id).exclude(user=request.user.pk).first() if paths else None
    if row is None or not isinstance(request.user, User) or (row.is_over and row.unit.is_retired):
        raise Http404
    ip, ends = client_ip_text(request), request.POST.get("do") == "end"
    posted = request.POST if request.method == "POST" else None
    until = None if row.is_over else row.until
    form = SeatForm(posted if not ends else None, initial={"role": row.role, "until": until})
    reason = ReasonForm(posted if ends else None)
    if posted and ends and (row.is_over or reason.is_valid()):
        if not row.is_over:
            actions.end_seat(row, reason.cleaned_data["reason"], request.user, ip=ip)
        messages.success(request, _("The role is ended."))
        return redirect("staff_person", row.user_id)
    if posted and not ends and form.is_valid():
        given = form.cleaned_data
        change = actions.give_again if row.is_over else actions.change_seat
        change(row, given["role"], given["until"], request.user, ip=ip)
        messages.success(request, _("The role is active again.") if row.is_over else _("Saved."))
        return redirect("staff_person", row.user_id)
    return render(request, "staff/seat.html", {"seat": row, "form": form, "reason": reason})


def _may_hand_over(actor: User, giver: User) -> bool:
    """Whether these are the actor's own roles, or all roles of a person whom the actor manages."""
    return bool(queries.tops(actor, Verb.MANAGE_SEATS)) and (
        actor == giver or queries.may_change(actor, giver)
    )


@never_cache
@require_http_methods(GET_OR_POST)
def hand_over(request: HttpRequest, person_id: int) -> HttpResponse:
    """All roles of one person to another, from a day on, with a reason."""
    giver, seats = _person(request, person_id)
    actor = request.user
    if not isinstance(actor, User) or not _may_hand_over(actor, giver):
        raise Http404
    takers = queries.people(queries.tops(actor, Verb.MANAGE_SEATS), without=giver)
    form = HandOverForm(
        request.POST if request.method == "POST" else None, initial={"on": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        taker = next((taker for taker, _units in takers if taker.pk == given["taker"]), None)
        if taker is None:
            raise Http404
        try:
            actions.hand_over(giver, taker, given["on"], given["reason"], actor, ip=client_ip_text(request))
        except actions.StaffError:
            messages.error(request, _("There is no role to hand over on that day."))
            return redirect("staff_hand_over", giver.pk)
        messages.success(request, _("Handed over. Both see it on their account page."))
        return redirect("my_account" if giver == actor else "staff")
    kept = [seat for seat in seats if not seat.is_over]
    context = {"giver": giver, "seats": kept, "takers": takers, "form": form}
    return render(request, "staff/hand_over.html", context)
