"""How results of checks arrive: dropped on a page, handed in with a code, sent by a stick."""
