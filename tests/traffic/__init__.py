"""Generated traffic: packets, captures of them, and what was planted there."""
