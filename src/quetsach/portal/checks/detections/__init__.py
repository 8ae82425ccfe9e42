"""Hashes and rules that a campaign's packs carry besides its list."""
