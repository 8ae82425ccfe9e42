"""The roll-up of many units' figures: the sum, and the parts of each number."""
