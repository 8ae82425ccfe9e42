"""Cleaning one machine: a reviewed plan, a journal line before each act, and the way back.

    result ──> plan (steps with the state they were seen in, hash) ──> apply ──> journal, vault ──> undo

A ground is the machine that is changed (a running system, or the disk of a machine that is off). `acts` are
the few changes possible there, each with its state before, its read-back and its undo. No check calls them.
"""
