"""All reports of a unit and those below it as one ZIP, made in the background."""
