"""Deploys Python apps to AWS Lambda with exactly the access they need, and proves it."""

from __future__ import annotations

__version__ = "0.1.0"
