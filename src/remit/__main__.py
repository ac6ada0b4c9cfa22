"""`python -m remit`: the command line, where the script is not on the path."""

from remit.cli import script

script()
