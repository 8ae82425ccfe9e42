"""Django's PostgreSQL backend, with more values in a statement than the protocol can carry."""
