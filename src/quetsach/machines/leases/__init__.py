"""Finds the machine behind an address in the leases of DHCP servers."""
