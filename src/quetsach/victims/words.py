"""Words for the codes of victims' reports: English sentences, translated where they are shown."""

LEFT = {
    "address": "is no IP address of a machine",
    "no_address": "the line has no address",
    "time": "the time is not understood",
    "no_time": "the line has no time; name the day of the file",
    "future": "the time lies in the future; day and month may be changed over",
    "quotes": "the row's quotes do not match up",
    "columns": "the row has another number of cells than the header",
    "too_long": "the line is longer than any report's",
    "not_json": "the line is no JSON",
    "no_event": "is no event of n6",
    "unknown_kind": "the type of report is not known; update the table of types",
    "no_column": "the column of the address is missing",
    "kind": "the type says nothing of an infected machine or an open service",
    "status": "the publisher has withdrawn or replaced the event",
    "nobody": "no unit has named a range with this address",
    "several": "several units have named a range with this address",
    "malformed": "breaks the agreed form",
}
"""Why a line became no report, or a report has no unit."""
UNREAD = frozenset(("address", "time", "no_time", "future", "quotes", "columns", "too_long", "not_json",
                    "no_event", "unknown_kind", "no_column", "malformed"))  # fmt: skip
"""The codes of lines that could not be looked at, as opposed to lines that say nothing of a machine."""
WHY = {
    "attacked": "the address was attacked by others and did nothing itself",
    "backscatter": "the packets may be answers to others who forged the address",
    "resolver": "the address is mostly a resolver that asks for many machines; look at its own log",
    "called": "the address was called by malware; it is no victim",
    "listed": "the address is on a block list, which does not show an infected machine",
    "no_address": "the report names no address of a machine",
    "inventory": "the report lists what there is, not what is wrong with it",
    "unclassified": "its publisher does not say what it means, and neither do we yet",
    "unknown": "this type is not in the table of types",
}
"""Why a type of report means nothing here."""
REFUSED = {
    "empty": "the file is empty",
    "packed": "the file is packed; unpack it first",
    "not_text": "the file is neither text nor a workbook",
    "encoding": "the text is damaged; save the file as UTF-8",
    "large": "the file is too large for this form; send it as CSV with `quetsach victims`",
    "no_kind": (
        "the file is a report of Shadowserver, but its name does not tell the type; keep the name"
        " YYYY-MM-DD-type-id.csv, or say the type"
    ),
    "no_timestamp": "the file has no column `timestamp`, as every report of Shadowserver has",
    "no_header": (
        "no column of infected addresses was found; head it “IP nạn nhân” or “victim IP”, and the others"
        " “Thời gian” and “Mã độc”"
    ),
    "not_json": "the file is no JSON",
    "no_reader": "workbooks need the package python-calamine; save the sheet as CSV",
    "xlsb": "it is a binary workbook (.xlsb); save it as .xlsx or CSV",
    "encrypted": "the workbook has a password; save it without one",
    "damaged": "the workbook is damaged; save it again",
    "too_many_rows": "the sheet has too many rows; save it as CSV",
    "limits": "the workbook takes too much time or memory; save the sheet as CSV",
}
"""Why a file as a whole was not read."""
TYPES = {
    "large": "the table of types is larger than any",
    "not_schema": "this is not the file reports.json of Shadowserver's report_schema",
    "no_types": "the file holds no type of report",
    "unreadable": "the table of types cannot be read",
    "line": "a line of the table of types is damaged; run `quetsach victims update` again",
}
MEANINGS = {
    "infection": "infected machine",
    "compromise": "compromised machine",
    "exposed": "exposed or weak service",
    "attack": "attacks others",
    "none": "says nothing of a machine",
}
PUBLISHERS = {"shadowserver": "Shadowserver", "n6": "n6", "sheet": "an office's table"}
SEVERITIES = {
    "": "not told",
    "info": "information",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}
TABLES = (LEFT, WHY, REFUSED, TYPES, MEANINGS, PUBLISHERS, SEVERITIES)
