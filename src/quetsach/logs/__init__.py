"""Log formats as data, the roles of their fields, and the times in them."""
