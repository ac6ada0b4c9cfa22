"""Typed grants (`s3.read("uploads")`) for policy lists, and the assembly of each function's role."""

from remit.grants.typed import allow

__all__ = ["allow"]
