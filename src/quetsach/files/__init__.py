"""Files as they come: found, unpacked, read in a limited process, put aside."""
