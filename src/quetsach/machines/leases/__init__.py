"""Whose address it was, by what DHCP servers wrote."""
