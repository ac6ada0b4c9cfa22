"""What makes a function run: a trigger per file."""
