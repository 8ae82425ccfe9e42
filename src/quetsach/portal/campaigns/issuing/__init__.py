"""The issuer's desk: a campaign from its draft through the checklist to its archive."""
