"""A coordinator's desk: every campaign of their units, from draft to archive."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, publish
from quetsach.portal.campaigns.cascade.deadline import words_for_reader
from quetsach.portal.campaigns.cascade.refusals import REFUSALS
from quetsach.portal.campaigns.front import front_campaign, is_of_a_top_unit
from quetsach.portal.campaigns.issuing import actions
from quetsach.portal.campaigns.issuing.annex_versions import versions
from quetsach.portal.campaigns.issuing.desk import Desk, campaigns_issued, issuing_units, sit_down
from quetsach.portal.campaigns.issuing.forms import (
    PARTS,
    CampaignForm,
    ExtendForm,
    SentenceForm,
    chosen,
    values_of,
)
from quetsach.portal.campaigns.issuing.readiness import LETTER_ROUTE, checks, is_blocked, preview
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.selection import read_choice
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.queries import in_order

GET_OR_POST = ["GET", "HEAD", "POST"]


@login_required
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Drafts, running, closed and archived campaigns of the person's units; 404 for others."""
    user = _person(request)
    if not issuing_units(user):
        raise Http404
    return render(request, "campaigns/list.html", {"campaigns": campaigns_issued(user)})


@login_required
@require_http_methods(GET_OR_POST)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """A new draft, from nothing or from an earlier campaign (`?tu=` its slug)."""
    user = _person(request)
    units = issuing_units(user)
    if not units:
        raise Http404
    slug = request.POST.get("tu") or request.GET.get("tu")
    earlier = next((c for c in campaigns_issued(user) if c.slug == slug), None)
    start = values_of(earlier) if earlier else {}
    start.pop("due_day", None)
    form = CampaignForm(request.POST or None, units=units, initial=start)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_of_campaign()
        issuer = fields.pop("issuer", None) or units[0]
        draft = actions.create_draft(user, issuer, fields, earlier=earlier, ip=client_ip_text(request))
        messages.success(request, _("The draft is saved. Only coordinators of your unit see it."))
        return redirect("campaign_manage", draft.slug)
    context = {"form": form, "earlier": earlier, "frame": "campaigns/draft.html"}
    return render(request, "campaigns/edit.html", context)


@never_cache
@require_http_methods(GET_OR_POST)
def campaign_manage(request: HttpRequest, slug: str) -> HttpResponse:
    """The checklist of a draft; afterwards extending, closing, archiving. `act` names the act of a POST."""
    desk = sit_down(request, slug)
    if request.method == "POST":
        return _acted(request, desk)
    return _manage_page(request, desk)


def _acted(request: HttpRequest, desk: Desk) -> HttpResponse:
    act, ip, campaign = request.POST.get("act", ""), client_ip_text(request), desk.campaign
    try:
        if act == "publish":
            return _publish(request, desk)
        if act == "extend":
            form = ExtendForm(request.POST)
            if not form.is_valid():
                return _manage_page(request, desk, extend=form)
            day, rule = form.cleaned_data["due_day"], form.cleaned_data["due_rule"]
            actions.extend_deadline(campaign, day, rule, desk.user, ip=ip)
            messages.success(request, _("The deadline is extended."))
        elif act == "front":
            actions.put_in_front(campaign, desk.user, ip=ip)
            messages.success(request, _("The front page shows this campaign now."))
        elif act == "retract":
            actions.retract(campaign, desk.user, ip=ip)
            messages.success(request, _("The campaign is a draft again. Nobody else sees it."))
        elif act == "discard":
            actions.discard(campaign, desk.user, ip=ip)
            messages.success(request, _("The draft is deleted."))
            return redirect("campaign_list")
        elif act in actions.STEPS:
            actions.take_step(campaign, act, desk.user, ip=ip)
            messages.success(request, STEP_MESSAGES[act]())
        else:
            raise Http404
    except NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
    return redirect("campaign_manage", campaign.slug)


STEP_MESSAGES = {
    "close": lambda: _("The campaign is closed. Everything can still be read; nothing can be changed."),
    "reopen": lambda: _("The campaign runs again."),
    "archive": lambda: _("The campaign is in the archive."),
    "restore": lambda: _("The campaign is out of the archive; it is closed."),
}


def _publish(request: HttpRequest, desk: Desk) -> HttpResponse:
    seen = preview(desk.campaign)
    if desk.campaign.status == Campaign.Status.DRAFT and is_blocked(checks(desk.campaign, seen)):
        messages.error(request, _("Not published: something must be done first. See the list."))
        return redirect("campaign_manage", desk.campaign.slug)
    count = publish(desk.campaign, desk.user, ip=client_ip_text(request))
    text = _(
        "Published for %(n)s units. The letter is not passed on yet: that is a step of its own, on this page."
    )
    messages.success(request, text % {"n": num(count)})
    return redirect("today", desk.campaign.slug)


def _manage_page(request: HttpRequest, desk: Desk, extend: ExtendForm | None = None) -> HttpResponse:
    campaign = desk.campaign
    context: dict[str, Any] = {
        "desk": desk,
        "seat": desk.seat,
        "campaign": campaign,
        "frame": desk.frame,
        "door": "campaign_list",
        "letter_url": _letter_url(campaign),
        "due_words": words_for_reader(campaign.due_at, campaign.due_rule),
        "form_name": dict(versions()).get(campaign.form, campaign.form),
    }
    if campaign.status == Campaign.Status.DRAFT:
        seen = preview(campaign)
        found = checks(campaign, seen)
        context |= {"seen": seen, "checks": found, "blocked": is_blocked(found)}
    elif campaign.status == Campaign.Status.PUBLISHED:
        context |= {
            "extend": extend or ExtendForm(initial={"due_rule": campaign.due_rule}),
            "begun": actions.has_begun(campaign),
            "active": campaign.nodes.active().count(),
            "may_stand_in_front": is_of_a_top_unit(campaign),
            "in_front": front_campaign(),
        }
    return render(request, "campaigns/manage.html", context)


@require_http_methods(GET_OR_POST)
def campaign_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The words and settings: of a draft all, of a running campaign the summary and the contact."""
    desk = sit_down(request, slug)
    campaign = desk.campaign
    form: SentenceForm
    if campaign.status == Campaign.Status.DRAFT:
        form = CampaignForm(request.POST or None, units=[campaign.issuer], initial=values_of(campaign))
    else:
        form = SentenceForm(request.POST or None, initial=values_of(campaign))
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(campaign, form.fields_of_campaign(), desk.user, ip=client_ip_text(request))
            messages.success(request, _("Saved."))
        except NotAllowedNowError as error:
            messages.error(request, str(REFUSALS[error.code]))
        return redirect("campaign_manage", slug)
    context = {
        "form": form,
        "seat": desk.seat,
        "campaign": campaign,
        "frame": desk.frame,
        "door": "campaign_list",
    }
    return render(request, "campaigns/edit.html", context)


@require_http_methods(GET_OR_POST)
def campaign_units(request: HttpRequest, slug: str) -> HttpResponse:
    """The units that take part: by kind, and one by one below the unit that `trong` names."""
    desk = sit_down(request, slug)
    campaign = desk.campaign
    if campaign.status != Campaign.Status.DRAFT:
        raise Http404
    inside = Unit.objects.visible_to(desk.user).filter(subtree(campaign.issuer.path), retired_at=None)
    top = campaign.issuer
    asked = request.POST.get("trong") or request.GET.get("trong")
    if asked:
        found = [unit for unit in inside.filter(path__contains=asked[-12:]) if str(unit.pk) == asked]
        if not found:
            raise Http404
        top = found[0]
    below = in_order(inside.filter(parent=top).annotate(below=Count("children")))
    if request.method == "POST":
        choice = chosen(request.POST, campaign.choice, [str(unit.pk) for unit in below])
        try:
            actions.choose_units(campaign, choice, desk.user, ip=client_ip_text(request))
            messages.success(request, _("The choice of units is saved."))
        except NotAllowedNowError as error:
            messages.error(request, str(REFUSALS[error.code]))
        return redirect(f"{reverse('campaign_units', args=[slug])}?trong={top.pk}")
    choice = read_choice(campaign.choice)
    sizes = inside.order_by().values_list("kind").annotate(n=Count("pk"))
    names = dict(Unit.Kind.choices)
    context = {
        "seat": None,
        "campaign": campaign,
        "frame": desk.frame,
        "door": "campaign_list",
        "top": top,
        "up": top.parent if top.pk != campaign.issuer_id else None,
        "kinds": [(kind, names[kind], n, choice.kinds.get(kind, "reports")) for kind, n in sorted(sizes)],
        "below": [(unit, choice.units.get(str(unit.pk), "")) for unit in below],
        "parts": PARTS,
    }
    return render(request, "campaigns/choose.html", context)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _letter_url(campaign: Campaign) -> str:
    """The address for writing the letter; empty if no app for it is installed."""
    try:
        return reverse(LETTER_ROUTE, args=[campaign.slug])
    except NoReverseMatch:
        return ""
