"""The signed pack that a unit's machines are checked with, and the keys behind it."""
