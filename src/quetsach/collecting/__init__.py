"""How annexes are read out of the files that units send. Import `quetsach.collect`, not this package."""
