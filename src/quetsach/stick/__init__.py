"""The folder on a USB stick from which the program runs: its list of files, and its menu."""
