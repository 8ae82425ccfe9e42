"""A collection as it is told: on a terminal, as a workbook, as the official annex."""
