"""Where things are kept: each name comes from the function's environment."""

import os

import boto3


def table():
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def files():
    return boto3.client("s3")


def bucket():
    return os.environ["FILES"]
