"""PostgreSQL, as Django speaks to it, with more values in a statement than the protocol can carry."""
