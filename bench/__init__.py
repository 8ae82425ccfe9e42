"""Measurements of whole processes, against the tools that people use today. Every run checks its
answers."""
