"""What the units below ask for, gathered, and taken over into the own report."""
