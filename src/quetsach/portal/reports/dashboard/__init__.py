"""The progress of a unit and all units below."""
