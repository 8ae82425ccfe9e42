"""Reports of a check: in words, as JSON, as a page; and of many checks as a workbook."""
