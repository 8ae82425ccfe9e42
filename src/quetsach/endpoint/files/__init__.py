"""The files of a machine: which a check opens, what they hold, what of it tells something."""
