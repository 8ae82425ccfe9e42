"""The figures of many units in one: the sum, and what each number of it is made of."""
