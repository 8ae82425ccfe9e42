"""The way out of cracked software: what to replace, by when, with what."""
