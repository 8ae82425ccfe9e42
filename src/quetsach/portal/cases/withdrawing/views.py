"""The page on which a published version of the list is withdrawn."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.arrivals import announce
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.cases.forms import ReasonForm
from quetsach.portal.cases.withdrawing.queries import done_with, resting_on
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.actions import VersionChangedError
from quetsach.portal.indicators.withdraw_actions import withdraw
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.roles import Verb, may


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_version(request: HttpRequest, slug: str, set_id: UUID) -> HttpResponse:
    """What withdrawing the version does, before the click; and the click."""
    seat = take_seat(request, slug)
    row = lists.version_by_id(seat.campaign, set_id)
    if row is None or row.version is None:
        raise Http404
    if not may(seat.user, Verb.UPLOAD_INDICATORS, row.campaign.issuer.path):
        raise Http404
    if row.withdrawn_at is not None:
        messages.info(request, _("Version %(n)d has been withdrawn already.") % {"n": row.version})
        return redirect("indicators", slug)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            current = withdraw(row, seat.user, form.cleaned_data["reason"], client_ip_text(request))
        except VersionChangedError:
            form.add_error(None, _("The list has changed in the meantime. Look at this page again."))
        else:
            announce(seat.campaign)
            closed, back = done_with(row)
            told = [_("Version %(n)d was withdrawn.") % {"n": row.version}]
            told.append(
                _("Version %(n)d is in use now.") % {"n": current.version}
                if current is not None
                else _("No list is in use now.")
            )
            cases = ngettext("%(n)s case was closed.", "%(n)s cases were closed.", len(closed))
            told.append(cases % {"n": num(len(closed))})
            if back:
                as_before = ngettext(
                    "%(n)s case is as it was before the list told of it.",
                    "%(n)s cases are as they were before the list told of them.",
                    len(back),
                )
                told.append(as_before % {"n": num(len(back))})
            messages.success(request, " ".join(told))
            return redirect("indicators", slug)
    published = lists.lists_of(seat.campaign)
    standing = [one for one in published if one.withdrawn_at is None]
    same = [one for one in standing if lists.is_same(one, row)]
    current = standing[0] if standing else None
    context = {
        "seat": seat,
        "door": "indicators",
        "set": row,
        "form": form,
        "same": [one.version for one in same if one.pk != row.pk],
        "is_current": current in same,
        "before": next((one for one in standing if one not in same), None),
        "current": current,
        "resting": resting_on(seat.campaign, same, published),
    }
    return render(request, "cases/withdraw.html", context, status=422 if form.errors else 200)
