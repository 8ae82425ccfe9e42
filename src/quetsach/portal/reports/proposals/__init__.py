"""The proposals of the units below, collected, and taken over into the unit's own report."""
