"""In the place of compiled modules that a Python cannot load; this folder is in the search path of workers."""
