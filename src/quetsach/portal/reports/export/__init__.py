"""Exports the figures: official documents, Excel, CSV. The numbers are those of the roll-up."""
