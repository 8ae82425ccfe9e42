"""Figures worked out anew from events alone, and compared with what the portal shows and exports."""
