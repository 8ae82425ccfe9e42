"""Follows logs while they grow; what they show counts once (docs/adr/0042-following-files.md)."""
