"""The forms of the annex: those that come with the program, and those that an office wrote."""
