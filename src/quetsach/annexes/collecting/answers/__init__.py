"""Outputs of a collection: on a terminal, as a workbook, as the official annex."""
