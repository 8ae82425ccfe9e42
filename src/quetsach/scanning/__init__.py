"""One scan: what is handed out to which workers, and one answer out of all that they say."""
