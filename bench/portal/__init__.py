"""The portal at the size of the country."""
