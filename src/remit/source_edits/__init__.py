"""Edits of the user's source: the smallest that does what is wanted. Everything else stays, byte for byte."""
