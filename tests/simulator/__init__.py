"""A simulated province: everything about it is known, so it judges the answers of the programs."""
