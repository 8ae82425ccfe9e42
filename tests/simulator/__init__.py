"""A simulated province of which everything is known, to judge what the programs say of it."""
