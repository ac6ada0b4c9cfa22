"""The loop of a developer: an app runs on this machine, its code is changed, and what it does is seen at once."""
