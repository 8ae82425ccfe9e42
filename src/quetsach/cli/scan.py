"""`quetsach scan`: logs and a list in; machines, files and an exit code out."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from quetsach import __version__, client, fieldmap, inputs, leases, output, scanning
from quetsach.cli import FOUND, INCOMPLETE, NOTHING, PUSH_FAILED, answer, lists, progress, push, say
from quetsach.cli import root as _root
from quetsach.engine import ScanOptions
from quetsach.errors import ScanError
from quetsach.executor import Executor
from quetsach.language import gettext as _
from quetsach.objectstore import is_address
from quetsach.scanning import Snapshot
from quetsach.sighting import Scan
from quetsach.splitting import SPLIT_BYTES

if TYPE_CHECKING:
    from quetsach.state import State


_PATH = click.Path(path_type=Path, readable=False)
_EXAMPLES = (
    "quetsach scan /var/log/zeek -i indicators.csv -o result.html -o result.xlsx\n"
    "ssh dns-hq cat dns.log.gz | quetsach scan - -i indicators.csv --source-name dns-hq\n"
    "quetsach scan logs/ -i set.qs --devices --push https://quetsach.example --token-file token.txt"
)


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command("scan", _run, _parameters(), _told(), _EXAMPLES, kind=_ScanCommand)


def _parameters() -> list[click.Parameter]:
    return [
        click.Argument(["paths"], metavar="PATH...", nargs=-1, required=True),
        *_in_and_out(),
        *_how_logs_are_read(),
        *_how_it_runs(),
        *lists.options(),
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
        click.Option(
            ["--source-name"],
            metavar="NAME",
            help=_("Where these logs come from, such as fw-hq. Keep it the same from scan to scan."),
        ),
        click.Option(
            ["--format", "logformat"],
            metavar="NAME",
            help=_(
                "Read every file as this log format instead of recognising it; `quetsach formats` lists"
                " the names."
            ),
        ),
        click.Option(
            ["--fields"],
            metavar="ROLE=COLUMN,…",
            help=_(
                "Read CSV, JSON Lines or Parquet of any make, with its columns named, such as"
                " client=src_ip,query=qname,time=ts. Roles: %(names)s. COLUMN? need not be there."
            )
            % {"names": ", ".join(fieldmap.ROLE_NAMES)},
        ),
        click.Option(
            ["--leases"],
            metavar="FILE",
            multiple=True,
            type=_PATH,
            help=_(
                "Log or leases of a DHCP server, to tell which machine had an address. Those among the logs"
                " are found by themselves."
            ),
        ),
        click.Option(
            ["--tz"],
            metavar="ZONE",
            default="Asia/Ho_Chi_Minh",
            show_default=True,
            help=_("Time zone of log times that name none, and of times shown."),
        ),
    ]


def _how_it_runs() -> list[click.Option]:
    return [
        click.Option(
            ["--jobs"],
            type=click.IntRange(1, 256),
            metavar="N",
            help=_("Files read at once; all cores if not given."),
        ),
        click.Option(
            ["--devices"],
            is_flag=True,
            help=_("Also note which machines were alive each day, which proves later that one is quiet."),
        ),
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
    """What the command does, in the language in use."""
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
            "Exit code: 0 everything looked at, nothing found; 1 found; 2 not everything could be looked at;"
            " 3 scanned but the push failed."
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


def _run(paths: tuple[str, ...], **given: Any) -> int:
    zone = _zone(given["tz"])
    outputs: tuple[Path, ...] = given["outputs"]
    for out in outputs:
        output.check(out)
    token = _token(given["url"], given["token_file"])
    lists.check_format(given["logformat"])
    fields = _fields(given["fields"], given["logformat"])
    extra_formats = fields.formats() if fields else ()
    loaded = lists.load(given["indicators"], lists.Choice.of(given), extra_formats)
    kept: Path | None = given["state"]
    own = [*given["indicators"], *given["leases"], *outputs, *([kept] if kept else [])]
    logs = inputs.discover(paths, own=own)
    found_leases = leases.gather(logs, given["leases"], zone)
    name = given["source_name"] or _vantage(paths)
    header = Scan(
        f"quetsach {__version__}", loaded.matcher.set_id, loaded.matcher.count, name, zone.key, tuple(paths)
    )
    options = ScanOptions(tz=zone.key, format=given["logformat"], devices=given["devices"], source_name=name)
    with ExitStack() as stack:
        state = stack.enter_context(closing(_state(kept, header, options, fields))) if kept else None
        on_progress = _meanwhile(stack.enter_context(progress.bar()), outputs, as_json=given["as_json"])
        stop = stack.enter_context(progress.stop_on_interrupt())
        executor = _cluster(given["cluster"], loaded, options, given["jobs"], fields)
        result = scanning.run(
            logs,
            loaded.engine,
            loaded.matcher,
            options,
            header,
            jobs=given["jobs"] or os.cpu_count() or 1,
            executor=executor,
            split_bytes=SPLIT_BYTES if executor or state else None,
            state=state,
            on_progress=on_progress,
            stop=stop,
            leases=found_leases,
            fields=fields,
        )
    recognise = partial(lists.recognised, result, loaded.matcher, given["logformat"])
    report = output.Report(result, zone, recognise, loaded.notes)
    is_saved = answer.save(outputs, report)
    is_shown = answer.show(report, as_json=given["as_json"])
    if result.is_interrupted:
        say.error(
            _("Interrupted. What was found so far is shown; the result is marked incomplete and not sent.")
        )
        if given["state"]:
            say.error(_("The same command goes on from here."))
        return INCOMPLETE
    if token is not None and not answer.send(report, outputs if is_saved else (), given["url"], token):
        return PUSH_FAILED
    if result.errors or not is_saved or not is_shown:
        return INCOMPLETE
    return FOUND if len(result.sightings) else NOTHING


def _meanwhile(
    show: Callable[[Snapshot], None] | None, outputs: tuple[Path, ...], *, as_json: bool
) -> Callable[[Snapshot], None]:
    """Also prepare for the answer, while the engine is at work."""

    def on_progress(now: Snapshot) -> None:
        answer.prepare(outputs, as_json=as_json)
        if show is not None:
            show(now)

    return on_progress


def _state(file: Path, header: Scan, options: ScanOptions, fields: fieldmap.FieldMap | None) -> State:
    from quetsach.state import State

    return State(file, State.about(header, options, fields))


def _cluster(
    address: str | None,
    loaded: lists.Loaded,
    options: ScanOptions,
    jobs: int | None,
    fields: fieldmap.FieldMap | None,
) -> Executor | None:
    if address is None:
        return None
    from quetsach.executors.ray import RayWorkers

    return RayWorkers(address, loaded.engine, loaded.matcher, options, jobs, fields)


def _fields(text: str | None, logformat: str | None) -> fieldmap.FieldMap | None:
    if text is None:
        return None
    if logformat is not None:
        raise click.UsageError(_("--fields and --format exclude each other."))
    return fieldmap.parse(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ScanError(
            _("%(name)s is not a time zone; write it like Asia/Ho_Chi_Minh or UTC.") % {"name": name}
        ) from None


def _token(url: str | None, token_file: Path | None) -> str | None:
    if url is None:
        return None
    if token_file is None:
        raise click.UsageError(_("--push needs --token-file."))
    return client.read_token(token_file)


def _vantage(paths: Sequence[str]) -> str:
    """Host and folder, or the address in object storage: the same scan has the same name tomorrow."""
    real = [Path(os.path.realpath(path)) for path in paths if path != "-" and not is_address(path)]
    if not real:
        return next(filter(is_address, paths), platform.node())
    folder = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in real]))
    return f"{platform.node()}:{folder}"
