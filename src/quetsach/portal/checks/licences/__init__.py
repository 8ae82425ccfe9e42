"""Ending the use of cracked software: products, replacements, and days."""
