"""The parts of a demonstration that the product itself does not need."""
