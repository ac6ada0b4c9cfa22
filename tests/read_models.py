"""Imported by a server that forks: botocore's models are read, and stay so in each of its processes."""

from __future__ import annotations

from contextlib import ExitStack

import boto3

import models

reading = ExitStack()
reading.enter_context(models.read_once())
session = boto3.Session(region_name="eu-central-1")
for service in ("cloudformation", "iam", "s3", "sqs", "sts"):
    session.client(service)
