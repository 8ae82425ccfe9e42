"""Official letters of a unit in a campaign: composed, previewed, exported, and numbered once issued."""
