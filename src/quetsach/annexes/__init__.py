"""The annex that units fill in: its forms as data, and the annexes in files that units send."""
