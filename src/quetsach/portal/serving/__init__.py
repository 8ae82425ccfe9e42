"""The server: processes that are replaced when they die, and bounds for whoever sends or reads slowly.

`supervisor` starts the processes, `worker` is one of them, `listener` its loop, `connection` one client with
its bounds in time, `head` what a request may look like, `spool` bodies put aside on the disk. waitress parses
and answers; docs/adr/0024-the-server.md says why it.
"""
