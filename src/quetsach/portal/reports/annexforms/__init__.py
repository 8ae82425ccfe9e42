"""The forms of the annex: those of the program, and those that an office wrote."""
