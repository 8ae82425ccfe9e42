"""How people join: codes, invitations, and the accounts made with them."""
