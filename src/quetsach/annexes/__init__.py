"""The annex that units fill in: its forms as data, and annexes that came as files."""
