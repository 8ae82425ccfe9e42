"""The supplementary report: changes below after a report was sent or signed."""
