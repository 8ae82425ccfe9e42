"""The register of a unit: computed from evidence, confirmed, named and corrected by its people."""
