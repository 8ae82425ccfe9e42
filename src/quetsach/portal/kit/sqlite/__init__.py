"""Django's SQLite with a queue: those who write wait in turn instead of trying their luck again and again."""
