"""Cleaning one machine: a reviewed plan, each act journalled before it is done, and the way back.

    result ──> plan (steps with the state they were seen in, hash) ──> apply ──> journal, vault ──> undo

`grounds` are what is acted on (a running system, the disk of one that is off); `acts` the few things that can
be done there, each with its state before, its read-back and its undo. Nothing here is called by a check.
"""
