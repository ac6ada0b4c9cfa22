"""The Python that people wrote, read and never run: each file is parsed once, whoever asks about it."""
