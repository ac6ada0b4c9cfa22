"""The rules of lint, one per file."""
