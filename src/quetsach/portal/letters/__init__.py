"""Official letters that a unit writes in a campaign: composed, looked at, exported, entered once issued."""
