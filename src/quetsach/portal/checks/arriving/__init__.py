"""The ways for results of checks: dropped on a page, handed in with a code, sent by a stick."""
