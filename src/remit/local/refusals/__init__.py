"""What AWS refuses and the emulator lets pass: a module per refusal, `table` lists them with their sources."""
