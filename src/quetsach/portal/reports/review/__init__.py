"""What is done to a report that was sent: passed up, accepted, returned, amended, unlocked."""
