"""A report is numbered, signed and issued outside; here that is recorded, with the signed PDF."""
