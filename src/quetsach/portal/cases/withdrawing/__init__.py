"""A version of the list is withdrawn: its page, and the cases that rest on its entries alone."""
