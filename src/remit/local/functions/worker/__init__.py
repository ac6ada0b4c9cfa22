"""The program of a worker, in the function's own Python: it imports nothing of remit, and nothing here imports it."""
