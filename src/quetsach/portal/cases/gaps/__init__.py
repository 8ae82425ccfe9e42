"""The gaps of claimed cases as tasks: each judgement stores them, pages join them over machines."""
