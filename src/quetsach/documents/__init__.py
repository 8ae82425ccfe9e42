"""Draws official documents. Import `quetsach.documents.document`, not this package."""
