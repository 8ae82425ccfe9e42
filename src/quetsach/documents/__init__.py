"""How official documents are drawn. Import `quetsach.document`, not this package."""
