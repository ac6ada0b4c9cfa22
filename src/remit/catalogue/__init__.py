"""Facts about AWS, looked up in one snapshot that remit ships."""
