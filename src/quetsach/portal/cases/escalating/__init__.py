"""Overdue machines go up: the terms of a campaign, the view of the superior, and its one message."""
