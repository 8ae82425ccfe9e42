"""The problems of event logs and databases that hold a log, for `quetsach.text.problems`."""


def N_(text: str) -> str:
    """Mark a text for translation without translating it."""
    return text


STORES = (
    N_("is no Windows event log (.evtx): its header is damaged or cut off"),
    N_("event log damaged (%(what)s); the other events were scanned, export the log again from its machine"),
    N_(
        "is a Windows event log (.evtx), which needs the package evtx (quetsach[evtx]); or export it as XML:"
        " wevtutil query-events FILE /logfile:true /format:xml"
    ),
    N_(
        "%(n)s events of the XML are damaged, cut off or larger than %(most)s bytes; the others were scanned,"
        " export the log again from its machine"
    ),
    N_("%(kind)s: damaged (%(why)s); what came before was scanned, copy the file again from its origin"),
    N_(
        "SQLite: a write to it was not finished, as %(file)s beside it shows, so nothing of it was read;"
        " start the program that writes it, or copy the database with sqlite3 FILE '.backup COPY' and scan"
        " the copy"
    ),
    N_(
        "SQLite: newer queries lie in %(file)s and were not read; copy the database with sqlite3 FILE"
        " '.backup COPY' and scan the copy"
    ),
    N_(
        "SQLite: %(n)s queries without a name, so nobody can tell what they asked for; copy the database"
        " again with sqlite3 FILE '.backup COPY' and scan the copy"
    ),
    N_(
        "is a SQLite database without Pi-hole's queries, which is not read; save its records as CSV and scan"
        " that"
    ),
)
