"""Sensors: programs of a unit that follow logs all the time, enrolled by a code, and what each last told."""
