"""Reads annexes out of the files that units send. Import `annexes.collect`, not this package."""
