"""The annex of one unit: the page it is typed on, the same as an Excel file, and what became of it."""
