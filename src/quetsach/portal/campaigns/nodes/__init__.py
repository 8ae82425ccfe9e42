"""Changes of frozen units while a campaign runs."""
