"""Figures of a campaign: computed from the histories of cases, for any moment, without a database."""
