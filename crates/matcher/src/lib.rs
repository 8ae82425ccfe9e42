//! Finds malicious names and addresses in logs. Pure Rust: knows nothing of Python, the web or a database.
