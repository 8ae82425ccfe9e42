"""Victims' reports: tables from others that name infected machines and exposed services. No lists."""
