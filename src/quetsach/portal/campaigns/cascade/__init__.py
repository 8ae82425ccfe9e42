"""How a campaign goes down the tree: received, passed on, returned, carried out, counted."""
