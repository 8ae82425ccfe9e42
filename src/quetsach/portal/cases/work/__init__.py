"""The work list: many open cases on one page, acted on together, and taken back together."""
