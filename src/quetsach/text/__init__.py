"""Shared by all packages: languages, spellings, and text that is safe to show."""
