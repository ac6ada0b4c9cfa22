"""Decide one request against policies, and say which statements decided."""
