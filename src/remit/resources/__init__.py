"""Names and ARNs of resources: as people write them, as AWS takes them, and those of the app's own."""
