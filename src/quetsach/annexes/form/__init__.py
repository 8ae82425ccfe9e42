"""Forms of an annex as data: rows, words and rules; what was typed into one, and what the rules say of it.

Pure: no database, no web. A form is written as a TOML file or an Excel workbook and never changes once
published.
"""
