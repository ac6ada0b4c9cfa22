"""The zips of an app: its files, its dependencies, and remit's runtime part."""
