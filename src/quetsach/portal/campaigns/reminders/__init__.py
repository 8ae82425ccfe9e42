"""Reminders to units: their audiences, days and words."""
