"""A check as it is told: in words, as JSON, as a page, and many as a workbook."""
