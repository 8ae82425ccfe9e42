"""Forms of an annex as data: rows, words and rules; the fields that people type, and the rules' problems.

Pure: no database, no web. A form is written as a TOML file or an Excel workbook and never changes once
published.
"""
