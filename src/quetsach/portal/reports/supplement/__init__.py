"""The supplementary report: what changed below after a report was sent or signed."""
