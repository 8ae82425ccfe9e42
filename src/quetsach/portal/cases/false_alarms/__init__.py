"""False alarms: said by one person with a reason, agreed by a second, and ended by the next list."""
