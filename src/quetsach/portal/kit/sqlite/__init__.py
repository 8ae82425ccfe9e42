"""Django's SQLite with a queue: writers wait in turn instead of trying again and again."""
