"""People's Python: each file is parsed once, and asked by all for places, names and imports."""
