"""Acts that a superior enters for a unit below: always with channel, reason and proof."""
