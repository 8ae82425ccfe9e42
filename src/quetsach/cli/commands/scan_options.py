"""`quetsach scan` for click: its options, its help, and how several lists follow one `-i`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from quetsach.cli import leasetime, list_options, log_options
from quetsach.cli import root as _root
from quetsach.cli.commands import push, scan
from quetsach.logs.roles import ROLE_NAMES
from quetsach.text.language import gettext as _

_PATH = click.Path(path_type=Path, readable=False)
_MOST_JOBS = 256
_EXAMPLES = (
    "quetsach scan /var/log/zeek -i indicators.csv -o result.html -o result.xlsx\n"
    "ssh dns-hq cat dns.log.gz | quetsach scan - -i indicators.csv --source-name dns-hq\n"
    "quetsach scan logs/ -i set.qs --devices --push https://quetsach.example --token-file token.txt"
)


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command("scan", scan.run, _parameters(), _told(), _EXAMPLES, kind=_ScanCommand)


def _parameters() -> list[click.Parameter]:
    return [
        click.Argument(["paths"], metavar="PATH...", nargs=-1, required=True),
        *_in_and_out(),
        *_how_logs_are_read(),
        *_how_it_runs(),
        *list_options.options(),
        *push.options(is_required=False),
    ]


def _in_and_out() -> list[click.Option]:
    return [
        click.Option(
            ["-i", "--indicators"],
            metavar="FILE...",
            multiple=True,
            required=True,
            type=_PATH,
            help=_(
                "List of malicious addresses (text, hosts, CSV, also .gz) or a compiled set."
                " Several may follow."
            ),
        ),
        click.Option(
            ["--added-since"],
            metavar="FILE",
            type=_PATH,
            help=_(
                "An earlier version of the list, with which these logs were looked at before: only what its"
                " newer entries find is told. JSON Lines and --push get everything."
            ),
        ),
        click.Option(
            ["-o", "--output", "outputs"],
            metavar="OUT",
            multiple=True,
            type=_PATH,
            help=_("Save the result as .jsonl, .csv, .xlsx or .html. May be given several times."),
        ),
        click.Option(["--json", "as_json"], is_flag=True, help=_("Write JSON Lines to standard output.")),
    ]


def _how_logs_are_read() -> list[click.Option]:
    return [
        *log_options.source_options(),
        click.Option(
            ["--fields"],
            metavar="ROLE=COLUMN,…",
            help=_(
                "Read CSV, JSON Lines or Parquet of any make, with its columns named, such as"
                " client=src_ip,query=qname,time=ts. Roles: %(names)s. COLUMN? need not be there."
            )
            % {"names": ", ".join(ROLE_NAMES)},
        ),
        click.Option(
            ["--leases"],
            metavar="FILE",
            multiple=True,
            type=_PATH,
            help=_(
                "Log or leases of a DHCP server, to find the machine behind an address. Leases among the"
                " logs are found by themselves."
            ),
        ),
        leasetime.option(),
        log_options.zone_option(),
    ]


def _how_it_runs() -> list[click.Option]:
    return [
        click.Option(
            ["--jobs"],
            type=_root.number(1, _MOST_JOBS),
            metavar="N",
            help=_("Files read at once; all cores if not given."),
        ),
        log_options.devices_option(),
        log_options.asked_option(),
        click.Option(
            ["--cluster"],
            metavar="ADDRESS",
            help=_(
                "Read on all machines of this Ray cluster, such as auto or 192.0.2.5:6379, or with local"
                " in processes of this one. The logs must lie under the same path everywhere."
            ),
        ),
        click.Option(
            ["--state"],
            metavar="FILE",
            type=_PATH,
            help=_("Keep here what is finished, so that the same command goes on after it was stopped."),
        ),
    ]


def _told() -> str:
    """The description of the command, in the language in use."""
    return (
        _(
            "Read log files, folders or standard input (-) and tell which machines called an address on"
            " the list. The log format is recognised by itself: firewalls and routers (MikroTik, FortiGate,"
            " Palo Alto, Cisco, pfSense, DrayTek, Linux…), DNS servers (Windows, BIND, Unbound, PowerDNS,"
            " dnsmasq, Pi-hole, AdGuard Home…), proxies and web servers (Squid, IIS, nginx…), Windows events,"
            " Zeek, Suricata, flows, packet captures; any other text. Nothing leaves this machine unless"
            " --push is given."
        )
        + "\n\n"
        + _(
            "Packed logs are read as they are: gzip, zstd, xz, bzip2, tar and zip, one in another, too; each"
            " file in an archive is a log of its own. Nothing is unpacked to the disk. s3://, gs:// and az://"
            " are read with the credentials in the environment."
        )
        + "\n\n"
        + _(
            "Exit code: 0 everything looked at, nothing found; 1 found, also where no machine could be tied"
            " to it; 2 not everything could be looked at; 3 scanned but the push failed."
        )
    )


class _ScanCommand(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _each_with_its_option(args))


def _each_with_its_option(args: Sequence[str]) -> list[str]:
    """`PATH... -i A B` means two lists. With no path before `-i`, only the next word is a list."""
    flags = {"--json", "--devices", "--help"}
    done: list[str] = []
    has_path = is_listing = False
    takes_value = False
    for at, arg in enumerate(args):
        if arg == "--":
            return [*done, *args[at:]]
        if takes_value:
            takes_value = False
        elif arg in ("-i", "--indicators"):
            takes_value = is_listing = True
        elif arg.startswith("-") and arg != "-":
            is_listing = False
            takes_value = arg not in flags and "=" not in arg and not (len(arg) > 2 and arg[1] != "-")
        elif is_listing and has_path:
            done.append("-i")
        else:
            has_path = True
        done.append(arg)
    return done
