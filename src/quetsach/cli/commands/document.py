"""`quetsach document`: official letters and reports by Decree 30/2020, without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, say
from quetsach.cli import root as _root
from quetsach.text import words
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.documents.fields import FieldsError, Kind
    from quetsach.documents.lint import Finding

KINDS = ("letter", "report")
_SUFFIXES = (".pdf", ".docx")


def command() -> click.Command:
    """The group of commands in the language in use."""
    return click.Group(
        "document",
        params=[_root.language_option()],
        help=_("Write official letters and reports by Decree 30/2020, or look at finished ones."),
        commands=[_write_command("letter"), _write_command("report"), _example_command(), _lint_command()],
        no_args_is_help=True,
    )


def _fields() -> click.Argument:
    return click.Argument(
        ["fields"], metavar="FIELDS.json", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False)
    )


def _write_command(kind: Kind) -> click.Command:
    text = {
        "letter": _(
            "Write a letter (công văn) from its fields as PDF/A or Word. FIELDS.json may be - to read it from"
            " standard input. The program sets list marks, ends, capitals and zeros; what is null is printed"
            " as a blank. Nothing is written when a field is wrong."
        ),
        "report": _(
            "Write a report (báo cáo) from its fields as PDF/A or Word, with a table of figures and an annex"
            " if there are any. FIELDS.json may be - to read it from standard input. Nothing is written when"
            " a field is wrong."
        ),
    }[kind]
    return _root.command(
        kind,
        lambda fields, out: _write(kind, fields, out),
        [
            _fields(),
            click.Option(
                ["-o", "--output", "out"],
                metavar="OUT",
                required=True,
                type=click.Path(path_type=Path, dir_okay=False),
                help=_("The file to write: .pdf or .docx."),
            ),
        ],
        text,
        f"quetsach document example {kind} > fields.json\n"
        f"quetsach document {kind} fields.json -o {kind}.docx",
    )


def _example_command() -> click.Command:
    return _root.command(
        "example",
        _example,
        [click.Argument(["kind"], metavar="letter|report", type=click.Choice(KINDS))],
        _("Print filled fields of a letter or a report, to change and write."),
        "quetsach document example letter > fields.json",
    )


def _lint_command() -> click.Command:
    return _root.command(
        "lint",
        _lint,
        [
            click.Argument(["file"], metavar="FILE", type=click.Path(path_type=Path, dir_okay=False)),
            click.Option(
                ["--fix"],
                is_flag=True,
                help=_("Repair FIELDS.json where a program can; the old file stays beside it as .bak."),
            ),
        ],
        _(
            "Tell what deviates from Decree 30/2020 in a Word file, a PDF or FIELDS.json, with the article."
            " Exit code: 0 nothing deviates, 1 something does, 2 the file cannot be read."
        ),
        "quetsach document lint letter.docx\nquetsach document lint fields.json --fix",
    )


def _write(kind: Kind, path: Path, out: Path) -> int:
    from quetsach.cli.drawing import drawn
    from quetsach.documents import fields
    from quetsach.results.output import replacing

    if out.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(_("%(path)s: the name must end in .pdf or .docx.") % {"path": out})
    try:
        document = fields.to_document(kind, fields.load(_read(path)))
    except fields.FieldsError as error:
        return _refused(path, error)
    content = drawn(document, out.suffix)
    with replacing(out) as part:
        part.write_bytes(content)
    return NOTHING


def _example(kind: Kind) -> int:
    from quetsach.documents import fields

    click.echo(fields.example(kind), nl=False)
    return NOTHING


def _lint(file: Path, fix: bool) -> int:
    raw = _read(file)
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _lint_fields(file, raw, fix=fix)
    if fix:
        raise click.UsageError(_("--fix repairs FIELDS.json only; change a Word file in Word."))
    from quetsach.documents import lint_printed, reading
    from quetsach.errors import DocumentError

    try:
        read = reading.read(raw)
    except DocumentError as error:
        raise DocumentError(f"{file}: {error}") from error
    return _told(lint_printed.lint(read))


def _lint_fields(path: Path, raw: bytes, *, fix: bool) -> int:
    from quetsach.documents import fields, lint_fields
    from quetsach.results.output import replacing

    try:
        data = fields.load(raw)
        fields.to_document(fields.kind_of(data), data)
    except fields.FieldsError as error:
        return _refused(path, error)
    findings, repaired = lint_fields.lint(data)
    code = _told(findings)
    if not fix or repaired == data:
        return code
    text = json.dumps(repaired, ensure_ascii=False, indent=2) + "\n"
    if str(path) == "-":
        click.echo(text, nl=False)
        return code
    backup = path.with_name(f"{path.name}.bak")
    for target, content in ((backup, raw), (path, text.encode())):
        with replacing(target) as part:
            part.write_bytes(content)
    say.warning(_("%(path)s: repaired; the old file is %(backup)s") % {"path": path, "backup": backup})
    return code


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    return path.read_bytes()


def _refused(path: Path, error: FieldsError) -> int:
    for problem in error.problems:
        say.error(f"{path}: {problem.told(_)}")
    return INCOMPLETE


def _told(findings: list[Finding]) -> int:
    from quetsach.documents.lint import RULES

    marks: dict[str, Any] = {"error": _("wrong"), "warning": _("doubtful"), "note": _("blank")}
    for finding in findings:
        rule = RULES[finding.rule]
        sentence = f"{marks[rule.severity]}  {finding.told(_)}  [{finding.rule}; {rule.article}]"
        click.echo(words.visible(sentence), err=False)
    deviating = [finding for finding in findings if finding.severity != "note"]
    if not deviating:
        click.echo(_("Nothing deviates from the Decree's form."))
    return FOUND if deviating else NOTHING
