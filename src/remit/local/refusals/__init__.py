"""Refusals of AWS that the emulator lacks: a module per refusal; `table` lists them with their sources."""
