"""Requests of remit to the running AWS on this machine: a module for each kind."""
