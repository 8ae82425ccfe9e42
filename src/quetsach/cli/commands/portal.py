"""`quetsach serve` and `quetsach manage`: the portal, imported only here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from quetsach.cli import root as _root
from quetsach.errors import QuetsachError
from quetsach.text import language
from quetsach.text.language import gettext as _

_SETTINGS = "quetsach.portal.settings"


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
    from quetsach.text.problems import quoted

    with _configured():
        from quetsach.portal.serving import supervisor

    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        with _configured():
            supervisor.serve(
                host,
                port,
                workers,
                lambda: _say_ready(address),
            )
    except supervisor.AddressError as error:
        raise QuetsachError(
            _("Nothing can be served at %(address)s: %(reason)s. Choose another --port or --host.")
            % {"address": address, "reason": quoted(str(error))}
        ) from error
    except supervisor.DatabaseError as error:
        if error.is_old:
            raise QuetsachError(
                _("The database is not set up for this version. Run: quetsach manage migrate")
            ) from error
        raise QuetsachError(_("The database does not answer: %(reason)s") % {"reason": error}) from error
    except supervisor.StaticFilesError as error:
        raise QuetsachError(
            _(
                "The style sheets and pictures of this version are not in place. Run: quetsach manage"
                " collectstatic --noinput"
            )
        ) from error


def _say_ready(address: str) -> None:
    from quetsach.portal.kit.address import is_here_only, is_known

    click.echo(_("The portal answers at %s. Ctrl-C ends it.") % address, err=True)
    if is_here_only():
        click.echo(
            _(
                "Only this machine can open the address in QUETSACH_ADDRESS: slips, letters and messages have"
                " a gap in its place, and no e-mail leaves. Set it to what people type, such as"
                " https://quetsach.example.gov.vn"
            ),
            err=True,
        )
    elif not is_known():
        click.echo(
            _(
                "QUETSACH_ADDRESS is not set: slips, letters and messages have a gap in place of the portal's"
                " address, and no e-mail leaves. Set it to what people type, such as"
                " https://quetsach.example.gov.vn"
            ),
            err=True,
        )


def _manage(arguments: tuple[str, ...]) -> None:
    _need_portal()
    if arguments[:1] != ("collectstatic",):  # a web server must be able to read these
        os.umask(0o077)
    import django
    from django.core.management import execute_from_command_line, get_commands
    from django.utils import translation

    with _configured():
        django.setup()
    translation.activate(language.code())
    if not arguments:
        _list()
        return
    if not arguments[0].startswith("-") and arguments[0] not in {"help", "version", *get_commands()}:
        raise QuetsachError(
            _("manage has no command “%(name)s”; without one it lists them all.") % {"name": arguments[0]}
        )
    with _configured():
        execute_from_command_line(["quetsach manage", *arguments])


@contextmanager
def _configured() -> Iterator[None]:
    """Report a wrong setting like every other error; `text.problems` knows the sentences."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except ImproperlyConfigured as error:
        raise QuetsachError(str(error)) from error


def _list() -> None:
    """List our own commands with their descriptions, then the names of Django's commands."""
    from django.core.management import get_commands, load_command_class
    from django.utils.translation import gettext

    own = {name: app for name, app in get_commands().items() if str(app).startswith("quetsach.")}
    writer = click.HelpFormatter()
    with writer.section(_("Commands")):
        writer.write_dl([(name, gettext(load_command_class(own[name], name).help)) for name in sorted(own)])
    with writer.section(_("Django's own, in English")):
        writer.write_text(", ".join(sorted(get_commands().keys() - own.keys())))
    click.echo(writer.getvalue(), nl=False)


def _need_portal() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", _SETTINGS)
    try:
        import django  # noqa: F401
        import waitress  # noqa: F401

        import quetsach.portal  # noqa: F401
    except ImportError as error:
        message = _(
            "The portal is not installed here; install quetsach[portal], and from a release the wheel"
            " quetsach_portal as well."
        )
        raise QuetsachError(message) from error
