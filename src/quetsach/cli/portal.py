"""`quetsach serve` and `quetsach manage`: the portal, whose parts are imported only here."""

from __future__ import annotations

import os

import click

from quetsach.cli import root as _root
from quetsach.errors import QuetsachError
from quetsach.language import gettext as _

_SETTINGS = "quetsach.portal.settings"
_THREADS = 4
"""Requests that one process answers at a time; the others wait in its queue. The server's own choice of 256
is more than a database gives connections to, and makes writers of SQLite wait until they fail."""


def serve_command() -> click.Command:
    """The command in the language in use."""
    command = _root.command(
        "serve",
        _serve,
        [
            click.Option(["--host"], default="127.0.0.1", show_default=True, help=_("Address to listen on.")),
            click.Option(
                ["--port"], type=_root.number(1, 65535), default=8000, show_default=True, help=_("Port.")
            ),
            click.Option(
                ["--workers"],
                type=_root.number(1, 64),
                default=2,
                show_default=True,
                help=_("Number of processes that answer."),
            ),
        ],
        _(
            "Serve the portal. It listens on this machine only, unless --host says otherwise; put a web"
            " server with https in front of it for everyone else."
        ),
        "quetsach serve\nquetsach serve --port 8080 --workers 4",
    )
    command.no_args_is_help = False
    return command


def manage_command() -> click.Command:
    """The command in the language in use."""
    command = _root.command(
        "manage",
        _manage,
        [click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        _("Run an administration command of the portal (Django's manage.py); without one, list them all."),
        "quetsach manage migrate\n"
        "quetsach manage invite_coordinator 'UBND huyện Phong Thổ' --new ubnd_district",
    )
    command.no_args_is_help = False
    command.context_settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    return command


def _serve(host: str, port: int, workers: int) -> None:
    _need_portal()
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "quetsach.portal.wsgi:application",
        address=host,
        port=port,
        workers=workers,
        blocking_threads=_THREADS,
        interface=Interfaces.WSGI,
        websockets=False,
    ).serve()


def _manage(arguments: tuple[str, ...]) -> None:
    _need_portal()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["quetsach manage", *arguments])


def _need_portal() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", _SETTINGS)
    try:
        import django  # noqa: F401
        import granian  # noqa: F401
    except ImportError as error:
        raise QuetsachError(_("The portal is not installed here; install quetsach[portal].")) from error
