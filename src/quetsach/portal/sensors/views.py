"""The pages of sensors: those of a unit and below, and one with its sources."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.portal.campaigns.seat import Seat, take_seat_asked
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.sensors import actions, queries
from quetsach.portal.sensors.forms import LockForm, NameForm
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sensors.rules import SKEW, Condition, earlier_logs, quiet_after
from quetsach.portal.units.roles import Verb, fits

PAGE = 50
ACTS = ("ma", "ten", "khoa", "mo")
WORDS: dict[Condition, tuple[str, str | Promise]] = {
    Condition.WAITING: ("none", gettext_lazy("not heard yet")),
    Condition.ALIVE: ("ok", gettext_lazy("alive")),
    Condition.BLIND: ("bad", gettext_lazy("alive, cannot read a log")),
    Condition.SILENT: ("bad", gettext_lazy("silent")),
    Condition.LOCKED: ("unsure", gettext_lazy("locked")),
}
REFUSALS: dict[str, str | Promise] = {
    "taken": gettext_lazy("A sensor of the unit has this name already. Choose another name."),
    "many": gettext_lazy("The unit has 500 sensors. Lock those that are no longer used."),
    "locked": gettext_lazy("The sensor is locked. Take it back into use first."),
    "not_locked": gettext_lazy("The sensor is in use already."),
    "no_reason": gettext_lazy("Say why."),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sensors(request: HttpRequest, slug: str) -> HttpResponse:
    """The sensors of a unit and of those below; a POST adds one and shows its code once."""
    seat = take_seat_asked(request, slug)
    form, sensor, code = NameForm(), None, ""
    if request.method == "POST":
        if not seat.may(Verb.MANAGE_TOKENS):
            raise Http404
        form = NameForm(request.POST)
        if form.is_valid():
            try:
                sensor, code = actions.add(
                    seat.user, seat.node.unit, form.cleaned_data["name"], ip=client_ip_text(request)
                )
                form = NameForm()
            except actions.SensorError as error:
                form.add_error("name", str(REFUSALS[error.code]))
    now = timezone.now()
    page = Paginator(queries.sensors_of(seat.user, seat.node.unit), PAGE).get_page(request.GET.get("trang"))
    set_id, version = queries.list_in_force(seat.campaign)
    rows = [_row(one, now, set_id) for one in page]
    context = {
        "seat": seat, "door": "cases", "page": page, "rows": rows, "form": form, "sensor": sensor,
        "code": code, "silent": seat.once(lambda node: queries.silent_of(node.unit, now).count()),
        "blind": queries.blind_of(seat.node.unit).count(),
        "version": version, "may_add": seat.may(Verb.MANAGE_TOKENS), "now": now,
        **_addresses(request, seat),
    }  # fmt: skip
    return render(request, "sensors/list.html", context, status=422 if form.errors else 200)


def _addresses(request: HttpRequest, seat: Seat) -> dict[str, str]:
    """Where a sensor sends to, and where it reads the list."""
    return {
        "address": on_screen(request, "/").rstrip("/"),
        "list_url": on_screen(request, reverse("api_indicators")) + f"?campaign={seat.campaign.slug}",
    }


def _row(sensor: Sensor, now: datetime, set_id: str) -> dict[str, object]:
    shape, word = WORDS[sensor.condition(now)]
    silences = sensor.silences(now)
    return {
        "sensor": sensor, "shape": shape, "word": word, "since": silences[0].since if silences else None,
        "silent_sources": [one.path for one in silences if one.path], "sources": len(sensor.sources),
        "unread": [one.path for one in sensor.watched if one.problem],
        "gaps": sum(one.gaps for one in sensor.watched),
        "has_list": bool(set_id) and sensor.set_id == set_id,
    }  # fmt: skip


@require_safe
def sensor(request: HttpRequest, slug: str, sensor_id: UUID) -> HttpResponse:
    """One sensor: whether it is alive, its list, and where each of its sources stands."""
    seat = take_seat_asked(request, slug)
    return _page(request, seat, _find(seat, sensor_id))


def _find(seat: Seat, sensor_id: UUID) -> Sensor:
    found = queries.sensor_by_id(seat.user, sensor_id)
    if found is None:
        raise Http404
    return found


def _may_change(seat: Seat, sensor: Sensor) -> bool:
    return fits(seat.places, Verb.MANAGE_TOKENS, sensor.unit.path)


def _page(request: HttpRequest, seat: Seat, sensor: Sensor, code: str = "") -> HttpResponse:
    now = timezone.now()
    set_id, version = queries.list_in_force(seat.campaign)
    is_used = sensor.locked_at is None
    watched = sensor.watched
    older = earlier_logs(watched)
    sources = [
        (one, is_used and (after := quiet_after(one)) is not None and now > after, place in older)
        for place, one in enumerate(watched)
    ]
    context = {
        "seat": seat, "door": "cases", "code": code, "now": now, "version": version, "sources": sources,
        "row": _row(sensor, now, set_id), "sensor": sensor, "may_change": _may_change(seat, sensor),
        "is_used": is_used,
        "is_skewed": abs(sensor.skew) > SKEW.total_seconds(), "skew": abs(round(sensor.skew)),
        "is_fast": sensor.skew > 0, "leases_at": queries.leases_at(sensor),
        "name_form": NameForm({"name": sensor.name}), "lock_form": LockForm(),
        **_addresses(request, seat),
    }  # fmt: skip
    return render(request, "sensors/sensor.html", context)


@never_cache
@require_POST
def act(request: HttpRequest, slug: str, sensor_id: UUID, act: str) -> HttpResponse:
    """A new code, another name, the lock, or its opening."""
    seat = take_seat_asked(request, slug)
    sensor = _find(seat, sensor_id)
    if act not in ACTS or not _may_change(seat, sensor):
        raise Http404
    ip, code = client_ip_text(request), ""
    try:
        if act == "ma":
            code = actions.new_code(seat.user, sensor, ip=ip)
        elif act == "mo":
            code = actions.unlock(seat.user, sensor, ip=ip)
        else:
            _by_form(request, seat, sensor, act, ip)
    except actions.SensorError as error:
        messages.error(request, str(REFUSALS[error.code]))
    if code:
        return _page(request, seat, _find(seat, sensor_id), code)
    return redirect("sensor", slug, sensor.pk)


def _by_form(request: HttpRequest, seat: Seat, sensor: Sensor, act: str, ip: str | None) -> None:
    """Raises SensorError."""
    form = NameForm(request.POST) if act == "ten" else LockForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    elif act == "ten":
        actions.rename(seat.user, sensor, form.cleaned_data["name"], ip=ip)
        messages.success(request, _("Renamed."))
    else:
        actions.lock(seat.user, sensor, form.cleaned_data["reason"], ip=ip)
        messages.success(request, _("Locked: its key no longer works. Its earlier signs and hours stay."))
