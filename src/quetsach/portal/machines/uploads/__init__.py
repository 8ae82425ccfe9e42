"""Files of evidence: uploaded with a preview or pushed by a program, taken in, taken back."""
