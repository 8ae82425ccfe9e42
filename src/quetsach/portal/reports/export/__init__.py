"""Takes the figures out of the portal: official documents, Excel, CSV. Numbers are those of the roll-up."""
