"""Imported by a server that forks: botocore's models are read, and stay so in each of its processes."""

from __future__ import annotations

from contextlib import ExitStack

import models

reading = ExitStack()
reading.enter_context(models.read_once())
models.read_most()
