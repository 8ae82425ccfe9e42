"""Files as they come: discovered, unpacked, read in a bounded process, kept in a spool."""
