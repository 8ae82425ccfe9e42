"""What all rooms share about text: languages, spellings, and what is safe to show."""
