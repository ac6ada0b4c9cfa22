"""Strict JSON and YAML: text to value, with the line and column of every part and of every mistake."""
