"""Addresses that ask for others: named by people, asked about by what logs show."""
