"""The role of each function: what it may do and why, made to fit IAM's quotas, and ready to be asked."""
