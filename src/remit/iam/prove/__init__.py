"""Prove what policies allow: compared, included in one another, minimised, or open to the public."""
