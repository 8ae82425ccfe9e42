"""How official documents are drawn. Import `quetsach.documents.document`, not this package."""
