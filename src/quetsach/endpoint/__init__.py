"""The check of one machine: facts, their findings, and one verdict. It reads the machine and changes nothing.

    machine ──> probes ──> facts ──> signs and indicators ──> findings ──> verdict

A `machines` module is a way to see a machine (a live system, the disk of a machine that is off, a recording).
A `probes` module looks at one thing. `signs/*.toml` say which facts point to tampering.
"""
