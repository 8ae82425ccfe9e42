"""The annex of one unit: its page, its Excel file, and its history."""
