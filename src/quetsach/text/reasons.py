"""Why an entry of a list is left out, changed or doubted: English sentences by their stable codes."""

REJECTS = {
    "no-host": "a path without a host names no server",
    "bad-address": "looks like an address but is none; four numbers 0 to 255 without leading zeros",
    "bad-network": "the prefix length does not fit the address",
    "bad-range": "the range's two ends are no addresses in rising order",
    "wide-range": "the range holds more addresses than a /16 (IPv6: /32); list its networks one by one",
    "bad-port": "the port is not between 1 and 65535",
    "bad-name": "is no domain name",
    "single-label": "a name without a dot would match too much",
    "hash": "the hash of a file: no log shows it, a check of machines compares it",
    "email": "e-mail addresses are not searched",
    "exception": "is an exception, not an indicator",
    "unknown-type": "this type of indicator is not searched",
    "no-value": "the row has no value in the indicator column",
    "quotes": "the row's quotes do not match up",
    "expired": "has expired by the list's own date",
    "revoked": "was revoked or deleted by its publisher",
    "same-file": "a weaker hash of a file that the list names by a stronger one as well",
    "not-for-detection": "is context, not meant for detection",
    "pattern": "a pattern of this kind cannot be searched; it is kept out, not matched",
    "modifier": "the rule holds only under conditions ($…) that logs do not show",
    "cosmetic": "is a rule for the look of web pages",
    "directive": "is a setting, not a listed name",
    "own-name": (
        "points to a real address, as an office's own names do; if it is malicious, write 0.0.0.0 before it"
        " instead"
    ),
    "rewrite": "is sent to a safe search, or on within its own domain, which blocks nothing",
    "trigger": "names a name server or a client, not what is looked up",
    "condition": "the rule asks for more than a name or address, which no log shows; leave it to a sensor",
    "unanchored": "the rule finds this text anywhere in a name; with 'endswith' it is a name to search for",
    "inbound": "the rule is about incoming calls; a scan looks for calls from machines inside",
    "outside-zone": "the owner name lies outside the zone",
    "may-be-victims": "may be a report of infected machines; the sheet was passed over",
    "cut-off": "ends in an ellipsis (…): it was cut off where it was copied from; ask for the whole",
    "mangled": "does not have the form of the other entries of its list",
}
WARNINGS = {
    "host-bits": "the address has bits beyond the prefix; the network was taken",
    "range": "the range became networks",
    "port-dropped": "a port on a domain is dropped; the domain is searched on every port",
    "fragment-dropped": "what follows # never reaches a log and was dropped",
    "second-value": "only the first value of the line was taken",
    "encoding": "the text is not UTF-8; the encoding was guessed",
    "columns-guessed": "no header was understood; the indicator column was guessed",
    "other-columns": (
        "these columns hold addresses, too, and count only where the first is empty; to choose one: --column"
        " indicator=NAME"
    ),
    "nothing": "the list holds no entry at all; check that it was fetched whole",
    "no-column": "no column with addresses was found; the sheet was passed over",
    "warning-page": (
        "all names point to this address, which was taken for a page that warns; if they are names of your"
        " own, leave this list away"
    ),
    "behind-link": "the cell shows other words; the address that it leads to was taken",
    "unquoted": "the quotes around the value were dropped",
}
CONCERNS = {
    "special-purpose": "lies in a special-purpose range: {what}",
    "special-name": "is a name for local use: {what}",
    "public-suffix": "is a public suffix, under which anybody has names",
    "too-wide": "is wider than /16 (IPv6: /32)",
    "government": "is a name of the state: {what}",
    "own": "belongs to the organisation itself: {what}",
    "wide": "is wider than /24 (IPv6: /48)",
    "well-known": "is on, above or below a name that many use: {what}",
    "shared": "lies in addresses that many share: {what}",
    "placeholder": "is a placeholder, written where the real address is not known",
    "hosted": "is one customer's name at a hosting platform: {what}",
    "rented": "is an address that one customer rents at a time: {what}",
    "sinkhole": "is a known sinkhole, kept: who still calls it is infected",
}
"""Sentences of the guard rails; `{what}` is a title, or a name or network and its description."""
