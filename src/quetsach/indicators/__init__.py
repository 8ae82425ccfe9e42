"""Lists of malicious addresses: read, judged by the guard rails, kept as sets, written for other programs."""
