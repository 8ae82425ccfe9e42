"""The files of a machine: the choice of files to open, their content, and the facts in it."""
