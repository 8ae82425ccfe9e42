"""The signed pack for the checks of a unit's machines, and its keys."""
