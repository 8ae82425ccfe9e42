"""Log formats as data, what their fields say, and the times in them."""
