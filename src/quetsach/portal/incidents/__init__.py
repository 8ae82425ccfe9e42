"""Incidents: cases that law asks a unit to notify, with clocks, drafts, and the versions that were sent."""
