"""Repairs of the emulator: behaviour of AWS that apps need and ministack 1.5.33 lacks, a function per repair.

Each says what AWS does and, where that is not the same, what the emulator does; in which of the emulator's files it
takes hold (`Emulator:`, below `ministack/`); and which tests of `tests/local` hold it (`Test:`): one that fails
without it, or one of the emulator by itself that fails when it is not needed any more.
"""
