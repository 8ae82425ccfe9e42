"""How far a unit and everything below it have come."""
