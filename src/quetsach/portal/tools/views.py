"""The tools page, its downloads, and the list for editing."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.endpoint.signed_file import pem
from quetsach.portal.campaigns.seat import Seat, take_issuer_seat
from quetsach.portal.indicators import store
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.tools import actions, queries
from quetsach.portal.tools.forms import ToolForm
from quetsach.portal.tools.models import SHELF, RemovalTool
from quetsach.portal.tools.start import starting_list
from quetsach.portal.units.roles import Verb


@require_safe
def tools(request: HttpRequest) -> HttpResponse:
    """The stick and the removal tools, with checksums."""
    offered = queries.offered_tools()
    removers = [tool for tool in offered if tool.family]
    opinions = [tool for tool in offered if not tool.family]
    stick, scanners, desks = queries.current_stick(), queries.current_scanners(), queries.desks(request.user)
    is_carried = any(one.is_carried for one in scanners)
    context = {
        "stick": stick,
        "scanners": scanners,
        "keys": queries.signing_keys(),
        "families": [(family, list(rows)) for family, rows in groupby(removers, lambda tool: tool.family)],
        "opinions": opinions,
        "start": [] if opinions else starting_list(),
        "desks": desks,
        "is_carried": is_carried,
        "is_short": bool(desks) and not (stick and is_carried and opinions),
    }
    return render(request, "tools/tools.html", context)


@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """One printed page for people who check a machine: five steps, the verdicts, and the contacts."""
    context = {
        "stick": queries.current_stick(),
        "keys": queries.signing_keys(),
        "campaigns": queries.campaigns_on_the_sheet(),
    }
    return render(request, "tools/sheet.html", context)


def _send(sha256: str, file_name: str) -> FileResponse:
    try:
        file = store.place(sha256, SHELF).open("rb")
    except OSError as error:
        raise Http404 from error
    response = FileResponse(
        file, as_attachment=True, filename=file_name, content_type="application/octet-stream"
    )
    response["ETag"] = f'"{sha256}"'
    return response


@require_safe
def stick(_request: HttpRequest, name: str) -> FileResponse:
    """The present ZIP of the stick; an older name gives 404, so that no old link gives an old stick."""
    current = queries.current_stick()
    if current is None or current.file_name != name:
        raise Http404
    return _send(current.sha256, current.file_name)


@require_safe
def scanner(_request: HttpRequest, name: str) -> HttpResponseBase:
    """The present wheel of a system, its signature (NAME.sig) or its signer's key (NAME.pem)."""
    bare = name.removesuffix(".sig").removesuffix(".pem")
    found = next((one for one in queries.current_scanners() if one.file_name == bare), None)
    if found is None:
        raise Http404
    if bare == name:
        return _send(found.sha256, found.file_name)
    is_key = name == f"{bare}.pem"
    content = pem(bytes.fromhex(found.key)).encode() if is_key else bytes.fromhex(found.signature)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def checksums(_request: HttpRequest) -> HttpResponse:
    """Checksums of all files offered here, as `sha256sum --check` reads them."""
    current = queries.current_stick()
    lines = [f"{current.sha256}  {current.file_name}\n"] if current else []
    lines += [f"{one.sha256}  {one.file_name}\n" for one in queries.current_scanners()]
    lines += [f"{tool.sha256}  {tool.file_name}\n" for tool in queries.offered_tools() if tool.bytes]
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def tool_file(_request: HttpRequest, tool_id: UUID) -> FileResponse:
    """A removal tool with a copy here."""
    tool = queries.offered_tool(tool_id)
    if tool is None:
        raise Http404
    return _send(tool.sha256, tool.file_name)


def _initial(tool: RemovalTool | None) -> dict[str, Any]:
    return {} if tool is None else {name: getattr(tool, name) for name in ToolForm.Meta.fields}


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's list, for its issuer."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    editing = queries.tool_of(seat.campaign, request.GET.get("sua", ""))
    form = ToolForm(seat.campaign, request.POST or None, request.FILES or None, initial=_initial(editing))
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ToolForm.Meta.fields}
        file = form.cleaned_data["file"]
        try:
            actions.vouch(
                seat.campaign, seat.user, file.chunks() if file else None, file.name if file else "",
                client_ip_text(request), **fields,
            )  # fmt: skip
        except actions.ToolError as error:
            message = _(
                "The file's SHA-256 is %(sha256)s, not the checksum that you wrote. Nothing was changed."
            )
            form.add_error("file", message % {"sha256": str(error)})
        else:
            messages.success(request, _("The list was changed; the tools page shows it at once."))
            return redirect("tools_edit", slug)
    note_form(request, form)
    context = {
        "seat": seat, "door": "tools_edit", "form": form, "editing": editing,
        "rows": queries.tools_of(seat.campaign), "removed": queries.removed_tools(seat.campaign),
        "start": queries.missing_start(seat.campaign),
    }  # fmt: skip
    return render(request, "tools/edit.html", context, status=422 if request.method == "POST" else 200)


@require_POST
def take_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the starting list over."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    count = actions.take_start(seat.campaign, seat.user, client_ip_text(request))
    text = ngettext("%(n)d tool was put on the list.", "%(n)d tools were put on the list.", count)
    messages.success(request, text % {"n": count})
    return redirect("tools_edit", slug)


def _chosen(seat: Seat, tool_id: UUID) -> RemovalTool:
    rows = RemovalTool.objects.visible_to(seat.user).select_related("campaign__issuer")
    tool = rows.filter(campaign=seat.campaign, pk=tool_id).first()
    if tool is None:
        raise Http404
    return tool


@require_POST
def withdraw(request: HttpRequest, slug: str, tool_id: UUID) -> HttpResponse:
    """Take a tool off the list."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    tool = _chosen(seat, tool_id)
    actions.withdraw(tool, seat.user, client_ip_text(request))
    message = _("%(name)s is no longer on the list. Below you can put it back.")
    messages.success(request, message % {"name": tool.name})
    return redirect("tools_edit", slug)


@require_POST
def put_back(request: HttpRequest, slug: str, tool_id: UUID) -> HttpResponse:
    """Put a tool back on the list."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    tool = _chosen(seat, tool_id)
    actions.put_back(tool, seat.user, client_ip_text(request))
    messages.success(request, _("%(name)s is on the list again.") % {"name": tool.name})
    return redirect("tools_edit", slug)
