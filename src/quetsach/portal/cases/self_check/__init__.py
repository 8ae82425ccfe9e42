"""The public self-check: whether the portal knows the visitor's address."""
