"""The AWS on this machine."""
