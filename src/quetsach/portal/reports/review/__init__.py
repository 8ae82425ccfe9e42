"""Acts on a sent report: pass up, accept, return, amend, unlock."""
