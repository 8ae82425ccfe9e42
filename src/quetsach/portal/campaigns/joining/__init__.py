"""How people join: codes, invitations, and the accounts that come of them."""
