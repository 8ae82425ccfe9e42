"""Which machine stood behind an address."""
