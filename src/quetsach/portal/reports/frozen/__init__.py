"""Figures of machines: counted now, frozen with a sent report, and restated when more becomes known."""
