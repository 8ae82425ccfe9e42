"""The answer of a scan, shown, saved and pushed."""
