"""A campaign's way down the tree: received, passed on, returned, carried out, counted."""
