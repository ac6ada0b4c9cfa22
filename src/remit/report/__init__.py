"""Values to what people read."""
