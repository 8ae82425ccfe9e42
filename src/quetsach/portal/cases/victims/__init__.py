"""Victims' reports of others: uploaded or pushed, stored once, taken into cases or listed as risks."""
