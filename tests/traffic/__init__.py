"""Generated traffic: packets, captures of them, and the truth about planted contacts."""
