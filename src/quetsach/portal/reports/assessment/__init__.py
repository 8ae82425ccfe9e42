"""The general assessment of a report, drafted from the portal's facts for an officer to edit."""
