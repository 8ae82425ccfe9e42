"""`quetsach watch` for click: its options and its help."""

from __future__ import annotations

from pathlib import Path

import click

from quetsach.cli import leasetime, list_options, log_options
from quetsach.cli import root as _root
from quetsach.cli.commands import push, watch
from quetsach.text.language import gettext as _

_PATH = click.Path(path_type=Path, readable=False)
_EXAMPLES = (
    "quetsach watch --follow /var/log/dnsmasq.log -i indicators.csv --state /var/lib/quetsach"
    " --leases /var/lib/misc/dnsmasq.leases\n"
    "quetsach watch --follow '/var/log/fw/*.log'"
    " -i 'https://quetsach.example/api/v1/indicators?campaign=lam-sach'"
    " --state /var/lib/quetsach --push https://quetsach.example --token-file token.txt\n"
    "quetsach watch --enrol --push https://quetsach.example --token-file token.txt\n"
    "quetsach watch --state /var/lib/quetsach --show\n"
    "quetsach watch --check --follow /var/log/dnsmasq.log\n"
    "quetsach watch --config /etc/quetsach/watch.toml -i indicators.csv --state /var/lib/quetsach"
)


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command("watch", watch.run, _parameters(), _told(), _EXAMPLES)


def _parameters() -> list[click.Parameter]:
    return [
        click.Option(
            ["--follow"],
            metavar="PATH",
            multiple=True,
            help=_("A log, a folder, or a pattern such as '/var/log/*.log'. May be given several times."),
        ),
        click.Option(
            ["-i", "--indicators"],
            metavar="FILE|URL",
            multiple=True,
            help=_(
                "List of malicious addresses, or the address of one that is published. It is read again when"
                " it changes, and the logs that are still kept are searched by the new list."
            ),
        ),
        click.Option(
            ["--state"],
            metavar="DIR",
            type=_PATH,
            help=_(
                "Folder on a disk of this machine that keeps how far each log was read, and what was found."
            ),
        ),
        click.Option(
            ["--config"],
            metavar="FILE",
            type=_PATH,
            help=_(
                "File of settings in place of --follow, --source-name and --format: a table [[source]] for"
                " each place, with name, follow, and where they differ zone, format and leases."
            ),
        ),
        *_what_is_done(),
        *_how_logs_are_read(),
        *list_options.options(),
        *push.options(is_required=False),
    ]


def _what_is_done() -> list[click.Option]:
    return [
        click.Option(
            ["--enrol"],
            is_flag=True,
            help=_(
                "Only exchange the code from the portal's page of sensors for a token: it is asked for, and"
                " the token goes into a new file, --token-file."
            ),
        ),
        click.Option(
            ["--once"], is_flag=True, help=_("Read what is new and leave, such as from a scheduled task.")
        ),
        click.Option(
            ["--from-now"],
            is_flag=True,
            help=_("At the very first start, pass over what the logs already hold."),
        ),
        click.Option(
            ["--show"],
            is_flag=True,
            help=_("Tell how far the watcher of --state is: logs, gaps, list, what is not sent yet."),
        ),
        click.Option(
            ["--dump"],
            metavar="OUT.jsonl",
            type=_PATH,
            help=_("Write all that the state of --state knows, as a scan would (-o OUT.jsonl)."),
        ),
        click.Option(
            ["--check"],
            is_flag=True,
            help=_(
                "Only tell what --follow would follow: whether it may be read, and how its lines are read."
            ),
        ),
    ]


def _how_logs_are_read() -> list[click.Option]:
    return [
        *log_options.source_options(),
        click.Option(
            ["--leases"],
            metavar="FILE",
            multiple=True,
            type=_PATH,
            help=_("Leases of a DHCP server. They are followed, too, and what they once said is kept."),
        ),
        leasetime.option(),
        log_options.devices_option(),
        log_options.asked_option(),
        log_options.zone_option(),
    ]


def _told() -> str:
    """The description of the command, in the language in use."""
    return (
        _(
            "Follow log files as they grow, and tell within a second which machine called an address on the"
            " list. Every line counts once, whatever is renamed, truncated, packed or restarted meanwhile."
            " All log formats and kinds of files of `quetsach scan` are read; archives, captures and packed"
            " logs once they rest for ten seconds."
        )
        + "\n\n"
        + _(
            "With --push what is found goes to the portal at once; while the portal is away it is kept and"
            " sent later. Stop with Ctrl-C; the same command goes on from there."
        )
        + "\n\n"
        + _(
            "Exit code of --once: 0 everything looked at, nothing new found; 1 something new was found; 2 not"
            " everything could be looked at; 3 looked, but the push failed."
        )
    )
