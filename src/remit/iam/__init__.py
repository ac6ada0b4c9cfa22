"""The pure core: what IAM documents say and how they are decided."""
