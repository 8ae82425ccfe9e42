"""One scan: units of work go to workers, and the outcomes of all units become one answer."""
