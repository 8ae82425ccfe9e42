"""The public self-check: whether the address that a visitor comes from is known."""
