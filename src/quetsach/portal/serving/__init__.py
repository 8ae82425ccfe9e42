"""The server: processes that are replaced when they die, with bounds on slow clients.

`supervisor` starts the processes, `worker` is one of them, `listener` its loop, `connection` one client with
its time bounds, `head` the checks of a request's head, `spool` large bodies on the disk. waitress parses and
answers; docs/adr/0024-the-server.md gives the reasons for it.
"""
