"""The check of one machine: what it shows, what that means, and one verdict. It reads and changes nothing.

    machine ──> probes ──> facts ──> signs and indicators ──> findings ──> verdict

A `machines` module is a way to look (a live system, the disk of one that is off, a recording); a `probes`
module is one thing to look at; `signs/*.toml` say what in it tells of tampering.
"""
