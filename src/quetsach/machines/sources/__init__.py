"""Reads what an office has about its machines, and tells it as claims and bindings (`machines.evidence`).

| module | it reads |
|---|---|
| `leasetable` | leases of DHCP servers, by the readers of `machines.leases` |
| `neighbours` | ARP and IPv6 neighbour tables |
| `translations` | tables and logs of address translation |
| `register` | registers of machines: a unit's own, Active Directory, central antivirus |
| `checks` | results of our own check of a machine |
| `reading` | recognises a file by its content, and reads many files as one source |
| `sent` | reads files that a stranger sent, in a process of its own |
| `document` | claims and bindings as JSON Lines (docs/evidence.md), written and read |
"""
