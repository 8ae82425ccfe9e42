"""Translates the English reports of engines and list readers into the language in use.

The sentences reach us as text (they travel in the coverage record), so each is recognised by its form.
Of reports by systems and libraries the frequent words are known; an unknown report stays English, as a reason
between quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from quetsach.text.language import gettext as _
from quetsach.text.reasons import CONCERNS, REJECTS, WARNINGS
from quetsach.text.store_problems import STORES
from quetsach.text.watching_problems import WATCHING

type Say = Callable[[str], str]


def N_(text: str) -> str:
    """Mark a text for translation without translating it."""
    return text


_SENTENCES = (
    N_("cannot be read: %(why)s; check that it exists and may be read"),
    N_(
        "the line at byte %(at)s is no text, such as gzip, EBCDIC or UTF-32 behind the beginning of a log, so"
        " nothing in it was looked for; take it out, make text of it and scan that"
    ),
    N_("the line at byte %(at)s has more than 64 KiB and was not read; look at the file by hand"),
    N_(
        "the line at byte %(at)s is several lines with carriage returns or zeros between them, which were"
        " read as one; write line feeds between them and scan it again"
    ),
    N_("is a %(kind)s archive, which is not read; unpack it and scan what comes out"),
    N_(
        "%(kind)s text: ends in the middle of a character at byte %(at)s; what came before was scanned, copy"
        " the file again when it is complete"
    ),
    N_("is zstd, which needs Python 3.14 or the package backports.zstd; or unpack it first"),
    N_("%(kind)s: something that is no %(what)s follows at decompressed byte %(at)s; it was not read"),
    N_(
        "%(kind)s: damaged at decompressed byte %(at)s (%(why)s); what came before was scanned, copy the file"
        " again from its origin"
    ),
    N_(
        "%(kind)s: cut off at decompressed byte %(at)s; what came before was scanned, copy the file again"
        " when it is complete"
    ),
    N_(
        "unpacks without end, stopped at decompressed byte %(at)s; what came before was scanned, look at the"
        " file by hand"
    ),
    N_("lies more than %(most)s archives deep; unpack the outer one and scan that"),
    N_("holds more than %(most)s files; what came before was scanned, unpack it and scan what comes out"),
    N_("holds no file"),
    N_("%(kind)s: damaged (%(why)s); unpack it and scan what comes out"),
    N_("is larger than %(most)s MB and comes as a stream; unpack what it lies in and scan what comes out"),
    N_("damaged: asks for %(size)s bytes at once; copy the file again from its origin"),
    N_(
        "is a document of Office, which is not read; save its table as CSV and name its columns with --fields"
    ),
    N_("is an encrypted file, which is not read; decrypt it and scan what comes out"),
    N_(
        "is an event log of Windows XP or Server 2003 (.evt), which is not read; save it as .evtx in the"
        " Event Viewer and scan that"
    ),
    N_("is a PDF document, which is not read; take the log itself, as text or CSV, and scan that"),
    N_("is encrypted; unpack it with its password and scan what comes out"),
    N_("is packed by zip method %(method)s, which is not read; unpack it and scan what comes out"),
    N_("zip: its entry does not lie where the directory says; copy the file again from its origin"),
    N_(
        "zip: its bytes %(start)s to %(end)s belong to no entry of its directory and were not read; copy the"
        " file again from its origin"
    ),
    N_("object storage needs the extra 'cloud'; install it with: %(command)s"),
    N_("is no address of object storage; write it like %(example)s"),
    N_("object storage: %(why)s; check the address, the network and the credentials in the environment"),
    N_("no such object"),
    N_("access refused"),
    N_("the storage cannot be reached"),
    N_("changed while it was read; scan it again"),
    N_(
        "is neither text nor a kind of file that is read, so only words that stand in it as text were looked"
        " for; export the log as text and scan that"
    ),
    N_(
        "is text in an encoding that is not read, such as EBCDIC of a mainframe, so nothing in it was looked"
        " for; convert it to UTF-8 and scan that"
    ),
    N_(
        "packet capture: %(n)s of its packets cannot be read, because they are cut or damaged; capture whole"
        " packets and scan that"
    ),
    N_("cancelled at byte %(at)s; the rest was not looked at"),
    N_(
        "stopped at byte %(at)s: what was found does not fit into the temporary folder %(path)s: %(why)s;"
        " make room there or set TMPDIR to a folder that has some"
    ),
    N_(
        "what was found does not fit into the temporary folder %(path)s: %(why)s; make room there or set"
        " TMPDIR to a folder that has some"
    ),
    N_("more than %(most)s MB unpacked; split the list"),
    N_("more than %(most)s lines; split the list"),
    N_("line %(n)s is longer than %(most)s characters, as no list's is; write one entry a line"),
    N_("takes too long to read; split the list"),
    N_(
        "%(count)s of its entries cannot be used and %(used)s can; look at line %(n)s, and whether it is the"
        " right file"
    ),
    N_("not a text file; save the list as text, CSV or TSV"),
    N_("has no column '%(name)s'; look at its header line"),
    N_(
        "is a report of %(who)s about infected machines, not a list of malicious addresses; read it"
        " with `quetsach victims`, or add it in the portal under “Reports of others”"
    ),
    N_(
        "is a report of %(who)s that names victims beside malicious addresses, so it is no list; read it"
        " with `quetsach victims`, and take the list from its publisher"
    ),
    N_(
        "'%(name)s' holds addresses inside a network, as a table of infected machines does; take the"
        " addresses that they called, or head the column 'malicious IP'"
    ),
    N_(
        "has no headings, and %(why)s, so it may be a table of infected machines; if it is the list, head it"
        " with a row that names a column 'malicious IP', or --column indicator=%(n)s"
    ),
    N_("two of its columns hold addresses"),
    N_("names stand beside addresses in it"),
    N_("each stands beside a time, as in a log of what was seen"),
    N_(
        "'%(name)s' and '%(other)s' are both sides of connections, as in a report of infected machines; read"
        " it with `quetsach victims`, or choose the malicious column: --column"
        ' "indicator=%(again)s"'
    ),
    N_(
        "'%(name)s' and '%(other)s' both hold addresses or names, and nothing says which are malicious;"
        ' choose that column: --column "indicator=%(again)s"'
    ),
    N_(
        "%(sheet)s: '%(name)s' and '%(other)s' are both sides of connections, as in a report of infected"
        " machines; read it with `quetsach victims`, or choose the malicious column: --column"
        ' "indicator=%(again)s"'
    ),
    N_(
        "%(sheet)s: '%(name)s' and '%(other)s' both hold addresses or names, and nothing says which are"
        ' malicious; choose that column: --column "indicator=%(again)s"'
    ),
    N_(
        "'%(key)s' are infected machines, not a list of malicious addresses; read them with"
        " `quetsach victims`"
    ),
    N_("it describes machines"),
    N_("its ports are those that machines call from"),
    N_("all its addresses are in Vietnam"),
    N_("its addresses lie inside a network"),
    N_("is the result of a scan, not a list of malicious addresses; name the list itself"),
    N_("is a web page, not a list; its address may have changed or ask for a key"),
    N_("is the answer of a server, not a list; its address may have changed or ask for a key"),
    N_("is JSON that cannot be read to its end; fetch it again"),
    N_("names the events of a MISP feed; give the feed's folder instead"),
    N_("is a folder without a manifest.json; name the lists in it"),
    N_("'%(name)s' is no UUID of an event"),
    N_("is no JSON; fetch the feed again"),
    N_("is no JSON; fetch the warning lists again"),
    N_("%(place)s, line %(n)s: '%(text)s' is no date; write yyyy-mm-dd"),
    N_("%(place)s, line %(n)s: %(names)s is empty; say why and who"),
    N_("%(place)s, line %(n)s: %(why)s; save the list as CSV again"),
    N_("exception for '%(name)s': %(why)s"),
    N_("own '%(name)s': %(why)s"),
    N_("is neither a domain name nor a network"),
    N_("has no column %(names)s; the first line names them"),
    N_(
        "'%(name)s' beside '%(other)s' may be the infected machines, not what they called; if it is the list,"
        " head it 'malicious IP', or --column \"indicator=%(again)s\""
    ),
    N_(
        "%(sheet)s: '%(name)s' beside '%(other)s' may be the infected machines, not what they called; if it"
        " is the list, head it 'malicious IP', or --column \"indicator=%(again)s\""
    ),
    N_("is larger than a list of hashes can be"),
    N_("line %(n)s: no MD5, SHA-1 or SHA-256"),
    N_("unknown engine '%(name)s'; %(variable)s is native or portable"),
    N_(
        "the %(name)s engine cannot be used here (%(why)s); build it with ./dev wheel, or set"
        " %(variable)s=portable"
    ),
    N_("the indicator set is empty; nothing to compile"),
    N_("this machine has quetsach %(here)s, a worker %(there)s; install the same"),
    N_("is no TOML file in UTF-8: %(why)s"),
    N_("holds no warning list; name the folder or archive of misp-warninglists"),
    N_("is an Excel workbook, which needs the package python-calamine; or save it as CSV"),
    N_("damaged workbook (%(why)s); open it in Excel and save it again"),
    N_("a sheet spans more than %(most)s cells; clear its far ends"),
    N_("is a binary workbook (.xlsb), which is not read; save it as .xlsx or CSV"),
    N_("a cell stands at %(cell)s, where no sheet reaches; save it again in Excel as .xlsx, or as CSV"),
    N_(
        "cannot be opened within the limits of memory and time; save its table anew as .xlsx or CSV, or split"
        " the list"
    ),
    N_("cannot be opened within the limits of memory and time; unpack it, or split it"),
    N_("is an office document, not a list; save its table as .xlsx or CSV"),
    N_("is locked with a password; open it, save it without one, and give that"),
    N_("is a PDF document, not a list; ask for its table as .xlsx or CSV"),
    N_("is a %(kind)s archive, which is not read; unpack it"),
    N_("is a %(kind)s archive, which is not read"),
    N_("archives in archives, more than %(most)s deep; unpack it"),
    N_("more than %(most)s files inside; unpack it"),
    N_("%(problem)s; nothing of the list was used, copy it again or unpack it first"),
    N_("%(kind)s: cut off at decompressed byte %(at)s"),
    N_("%(kind)s: damaged at decompressed byte %(at)s (%(why)s)"),
    N_("%(kind)s: something that is no %(what)s follows at decompressed byte %(at)s"),
    N_("%(kind)s text: ends in the middle of a character at byte %(at)s"),
    N_("unpacks without end, stopped at decompressed byte %(at)s"),
    N_("is larger than %(most)s MB and comes as a stream"),
    N_("is encrypted"),
    N_("damaged (%(why)s)"),
    N_("is packed by zip method %(method)s, which is not read"),
    N_("no form of list; there are %(names)s"),
    N_("%(path)s: the compiled set is damaged; compile the list again with 'indicators compile'"),
    N_(
        "%(path)s: the set was compiled by an older version; compile the list again with 'indicators compile'"
    ),
    N_("%(path)s: is no compiled indicator set; make one with 'indicators compile'"),
    N_("interrupted before its end; scan it again"),
    N_("became shorter while it was read; scan it again"),
    N_(
        "begins as %(path)s does and goes on otherwise: both were read and count as one source, so of one"
        " machine and day the larger number stands. Where one system is a clone of the other, let it begin a"
        " new log or database; where both begin with zeros, because copytruncate meets a program that does"
        " not append, let it append"
    ),
    N_("its worker failed %(n)s times (%(why)s); it was not looked at"),
    N_("bytes %(start)s to %(end)s: its worker failed %(n)s times (%(why)s); it was not looked at"),
    N_("its process or its machine died"),
    N_("cannot be used: %(why)s; the scan went on without it"),
    N_("--cluster needs the extra 'cluster'; install it with: %(command)s"),
    N_(
        "the cluster %(address)s cannot be reached: %(why)s; give the command on a machine of the cluster, or"
        " see docs/en/cluster.md"
    ),
    N_("the workers of the cluster cannot start: %(why)s"),
    N_("no worker of the cluster could be started (%(why)s); it was not looked at"),
    N_(
        "machine %(name)s takes no part: quetsach cannot be used there (%(why)s); install quetsach %(here)s"
        " there, in the Python in which ray start runs"
    ),
    N_(
        "machine %(name)s takes no part: it has quetsach %(there)s, this one %(here)s; install the same"
        " there and start its Ray again"
    ),
    N_(
        "machine %(name)s takes no part: its log formats are others than here, though quetsach is %(here)s"
        " on both; make the folders quetsach/logs/formats the same and start its Ray again"
    ),
    N_("another scan is using this state file"),
    N_("cannot be read: %(why)s; check that it may be read"),
    N_("the state file cannot be used: %(why)s; choose another place for it"),
    N_("is no state file of quetsach, or is damaged; choose another"),
    N_("was kept by another version of quetsach; give another state file, or delete this one to begin anew"),
    N_(
        "belongs to a scan with another %(what)s (%(old)s, now %(new)s); give another state file, or delete"
        " this one to begin anew"
    ),
    N_("is a %(kind)s file, which is not read; save its records as text and scan that"),
    N_(
        "IPFIX: damaged in the message at byte %(at)s; what came before was scanned, copy the file again from"
        " its origin"
    ),
    N_(
        "IPFIX: cut off in the message at byte %(at)s; what came before was scanned, copy the file again when"
        " it is complete"
    ),
    N_(
        "packet capture: cut off in the packet at byte %(at)s; what came before was scanned, copy the file"
        " again when it is complete"
    ),
    N_(
        "packet capture: damaged at byte %(at)s (%(why)s); what came before was scanned, copy the file again"
        " from its origin"
    ),
    N_("more than %(most)s devices and days; who was alive is not told, scan fewer days at a time"),
    N_("packet capture: link type %(number)s is not read; its packets were not looked at"),
    N_("a packet of impossible length"),
    N_("a packet that is too short"),
    N_("a packet of an unknown interface"),
    N_("a block of impossible length"),
    N_("a section without its mark"),
    N_("an interface that is too short"),
    N_("too many interfaces"),
    N_("IPFIX: %(n)s sets have no template in this file and were not read"),
    N_(
        "is a flow file of nfcapd, which needs the program nfdump (Debian: apt-get install nfdump); or, where"
        " it is installed: nfdump -r FILE -o csv > flows.csv"
    ),
    N_("nfdump: %(why)s; what came before was scanned"),
    N_(
        "%(n)s flows show IPv6 addresses that nfdump shortened, which cannot be compared; print them in full:"
        " nfdump -6 (or -o line6, long6), -o csv or -o json"
    ),
    N_(
        "is a Parquet file, which needs the package pyarrow (quetsach[table]); or save it as CSV "
        "and scan that"
    ),
    N_("has no column %(names)s; it has: %(columns)s"),
    N_("holds no lease of ISC dhcpd, Kea, dnsmasq, Windows DHCP, MikroTik, FortiGate, Zeek or Suricata"),
    N_("its leases carry no time, as dhcpd -d writes them; take dhcpd.leases or the system's log instead"),
    N_("--fields: '%(entry)s' is not written like client=COLUMN; there are %(names)s"),
    N_("--fields names no column that could show a listed address: server, query, host, url, …"),
    N_("export it with journalctl --file FILE --output json and scan that"),
    N_("the indicator set is empty; there is nothing to look for"),
    N_("this installation has no compiled part for this system"),
    N_("the fast engine failed on it (%(why)s); scan it with QUETSACH_ENGINE=portable, and tell its makers"),
    N_("%(name)s is not a time zone; write it like Asia/Ho_Chi_Minh or UTC."),
    N_("%(name)s is not a log format; there are %(names)s."),
    N_("--fields and --format exclude each other."),
    N_("%(path)s: is a log (%(format)s), not a list; were the two swapped?"),
    N_("cannot be read: %(why)s"),
    N_("no such file or folder"),
    N_("the folder holds no file"),
    N_("no file has such a name now; check the pattern"),
    N_("is a link to a folder, which is not followed; name that folder, too"),
    N_("cannot be listed: %(why)s; nothing in it is seen that nobody named"),
    N_("is no file that can be followed; name a log, a folder or a pattern"),
    N_("is a pipe, a socket or a device, which is not followed; name a file"),
    N_("is a link to a file that is not there"),
    N_("folder not readable: %(why)s"),
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Is a directory"),
    N_("Input/output error"),
    N_("No space left on device"),
    N_("Operation not permitted"),
    N_("Not a directory"),
    N_("Too many open files"),
    N_("Too many levels of symbolic links"),
    N_("File name too long"),
    N_("File too large"),
    N_("Read-only file system"),
    N_("Disk quota exceeded"),
    N_("Device or resource busy"),
    N_("Stale file handle"),
    N_("Cannot allocate memory"),
    N_(
        "%(place)s, line %(number)s: '%(text)s' is neither an address, a hardware address nor the name of a"
        " machine; write one of them on each line"
    ),
    N_("%(place)s, line %(number)s: more than %(most)s machines; ask about fewer"),
    N_("%(place)s: is longer than a list of %(most)s machines"),
    N_("%(place)s: is no list of machines in UTF-8"),
    N_("%(place)s: is not on the portal that --push names; the token is for that portal only"),
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("No route to host"),
    N_("Network is unreachable"),
    N_("Name or service not known"),
    N_("Temporary failure in name resolution"),
    N_("timed out"),
    # Reports of the libraries about a damaged file.
    N_("Address already in use"),
    N_("Cannot assign requested address"),
    N_("%(why)s (os error %(number)s)"),
    N_("gaierror: [Errno %(number)s] %(why)s"),
    N_("Error %(number)s while decompressing data: %(why)s"),
    N_("Unable to decompress Zstandard data: %(why)s"),
    N_("incorrect checksum"),
    N_("incorrect data check"),
    N_("bad checksum"),
    N_("invalid data"),
    N_("Invalid data stream"),
    N_("Corrupt input data"),
    N_("Data corruption detected"),
    N_("File is not a zip file"),
    N_("Bad magic number for file header"),
    N_("Bad magic number for central directory"),
    N_("Bad CRC-32 for file '%(name)s'"),
    N_("Truncated file header"),
    N_("file is not a database"),
    N_("database disk image is malformed"),
    N_("database or disk is full"),
    N_("disk I/O error"),
    N_("unable to open database file"),
    N_("attempt to write a readonly database"),
    N_("holds no token"),
    N_("not text"),
    N_("neither a Word file (.docx) nor a PDF; save it as one of these"),
    N_("larger than 30 MB; this is no letter"),
    N_("unpacks to more than 200 MB; this is no letter"),
    N_("the file is damaged or encrypted; save it anew from the program it came from"),
    N_("there is no text in the file, only pictures; a scan cannot be looked at"),
    N_("reading documents needs more: install quetsach[documents]"),
    N_("drawing PDF files needs typst; install quetsach[documents]"),
    N_("writing Word files needs python-docx; install quetsach[documents]"),
    # Reports of the portal about its settings, from before it can translate anything itself.
    N_("%(name)s_FILE: cannot read %(file)s: %(why)s"),
    N_("%(name)s=%(value)s: expected 1 or 0"),
    N_("%(name)s=%(value)s: expected a whole number"),
    N_("%(name)s=%(value)s: expected 1 to 64"),
    N_("QUETSACH_MAX_UPLOAD_MB, QUETSACH_PATIENCE_SECONDS: expected more than 0"),
    N_(
        "%(name)s: whoever guesses it can sign in as anybody; at least %(n)s characters by chance are needed."
        " Make one with: openssl rand -hex 32"
    ),
    N_("%(name)s: %(why)s; expected addresses or networks such as 127.0.0.1,10.0.0.5/32"),
    N_(
        "%(name)s: %(network)s is as good as everybody, and everybody could then pretend to come from any"
        " address. Name the web server in front only, such as 127.0.0.1"
    ),
    N_(
        "QUETSACH_HTTPS=1: set QUETSACH_TRUSTED_PROXIES to the address of the web server in front, which must"
        " send X-Forwarded-Proto"
    ),
    N_("%(name)s=%(value)s: expected an address such as https://quetsach.example"),
    N_("QUETSACH_DATABASE: expected postgresql://user:password@host:port/name"),
    N_("QUETSACH_SMTP: expected smtp://user:password@host:port"),
    N_("QUETSACH_OIDC_ISSUER: say who issues the proofs, such as https://id.example"),
    N_("QUETSACH_OIDC_TOKEN_AUTH: expected one of %(names)s"),
    N_("QUETSACH_OIDC_CLIENT_SECRET (or …_FILE) is missing; QUETSACH_OIDC_TOKEN_AUTH=none needs none"),
    N_("%(names)s: missing, and QUETSACH_OIDC_DISCOVERY is not set"),
    N_("%(name)s: expected an https:// address"),
)
_HOLE = r"%\\\((\w+)\\\)s|\\\{(\w+)\\\}"


@cache
def _sentences() -> tuple[frozenset[str], tuple[tuple[re.Pattern[str], str], ...]]:
    """The sentences without holes, and the patterns of the sentences with holes."""
    all_ = (*_SENTENCES, *STORES, *WATCHING, *REJECTS.values(), *WARNINGS.values(), *CONCERNS.values())
    fixed = frozenset(sentence for sentence in all_ if "%(" not in sentence and "{" not in sentence)
    return fixed, tuple((_form(sentence), sentence) for sentence in all_ if sentence not in fixed)


def _form(sentence: str) -> re.Pattern[str]:
    pattern = re.sub(_HOLE, lambda hole: f"(?P<{hole[1] or hole[2]}>.+?)", re.escape(sentence))
    return re.compile(pattern, re.DOTALL)


def is_known(sentence: str) -> bool:
    """Whether there is a translation."""
    fixed, forms = _sentences()
    return sentence in fixed or any(form.fullmatch(sentence) for form, _text in forms)


def explain(problem: str, path: str = "", say: Say = _) -> str:
    """The problem in words that a person can act on, without `path` before it. `say` translates: without it
    the language of the process is in use."""
    text = problem.removeprefix(f"{path}: ") if path else problem
    fixed, forms = _sentences()
    if text in fixed:
        return say(text)
    for form, sentence in forms:
        if found := form.fullmatch(text):
            translated = say(sentence)
            is_foreign = translated != sentence
            tell = {"why": quoted if is_foreign else _with_place, "what": _what}
            values = {k: tell.get(k, _with_place)(value, say) for k, value in found.groupdict().items()}
            return translated.format(**values) if "{" in sentence else translated % values
    return text


def _with_place(text: str, say: Say) -> str:
    """The translation of a text that may have a file name before it."""
    translated = explain(text, say=say)
    place, colon, rest = text.partition(": ")
    return f"{place}: {explain(rest, say=say)}" if translated == text and colon else translated


def _what(text: str, say: Say) -> str:
    """The translation of a table's description, with a name or address before it and a source behind it, if
    any."""
    from quetsach.text.what_is import WHAT

    if text in WHAT:
        return say(text)
    what, bracket, source = text.partition(" (")
    if bracket and (told := _what(what, say)) != what:
        return f"{told} ({source}"
    place, comma, rest = text.partition(", ")
    return f"{place}, {_what(rest, say)}" if comma else _with_place(text, say)


def quoted(reason: str, say: Say = _) -> str:
    """The reason as `explain` says it, or in English between quotation marks."""
    translated = explain(reason, say=say)
    return translated if translated != reason else f"“{reason}”"
