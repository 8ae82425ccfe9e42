"""The issuer's desk: a campaign from its draft over what is still to be done to its archive."""
