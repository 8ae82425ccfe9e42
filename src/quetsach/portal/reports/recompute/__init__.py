"""Recomputes figures from events alone, and compares them with the pages and exports."""
