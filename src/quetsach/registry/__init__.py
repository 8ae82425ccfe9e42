"""The register of offices outside any database: tables of units, and the national trees."""
