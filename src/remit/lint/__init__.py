"""What is wrong or too wide: a rule per file."""
