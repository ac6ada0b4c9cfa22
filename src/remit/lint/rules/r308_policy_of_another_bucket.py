"""A bucket's policy is about another bucket, or about everything.

S3 refuses it: "Policy has invalid resource". A policy names its own bucket and what is in it.

Flagged:

    Resources:
      Orders:
        Type: AWS::S3::Bucket
      Bills:
        Type: AWS::S3::Bucket
      Policy:
        Type: AWS::S3::BucketPolicy
        Properties:
          Bucket: !Ref Orders
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "s3:*", Resource: !Sub "${Bills.Arn}/*"}

Better:

    Resources:
      Orders:
        Type: AWS::S3::Bucket
      Policy:
        Type: AWS::S3::BucketPolicy
        Properties:
          Bucket: !Ref Orders
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "s3:*", Resource: !Sub "${Orders.Arn}/*"}

Source: "Policies and permissions in Amazon S3" (Amazon S3 User Guide): resources.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import parse as parse_arn
from remit.iam import tokens
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain
from remit.lint.policies import document_of
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_OWN: Final = re.compile(r"\$\{([A-Za-z0-9]+)\.Arn\}(?:/.*)?")


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Policies of buckets whose bucket and whose resources are both told."""
    for name, kind, properties in written.with_properties():
        if kind != "AWS::S3::BucketPolicy":
            continue
        own_bucket = _text(properties.get("Bucket"))
        path: Spot = ("Resources", name, "Properties", "PolicyDocument")
        document = document_of(properties.get("PolicyDocument"), RESOURCE, lambda _: None, names=written.names)
        for item in document.statements:
            spot = (*path, *document.written[item.index].path, item.resource_element)
            for index, text in enumerate(item.resources if item.resource_element == "Resource" else ()):
                if own_bucket and (text == "*" or _of_another(text, own_bucket, written)):
                    message = f"'{text}' is not the bucket whose policy this is, '{own_bucket}': S3 refuses it"
                    place = (*spot, index) if len(item.resources) > 1 else spot
                    yield Problem(message, f"name {_named(own_bucket)} and {_named(own_bucket)}/*", place)


def _text(value: Any) -> str:
    if tokens.is_intrinsic(value):
        return tokens.from_intrinsic(value)
    return value if isinstance(value, str) else ""


def _named(bucket: str) -> str:
    reference = _REFERENCE.fullmatch(bucket)
    return f"${{{reference[1]}.Arn}}" if reference is not None else f"arn:aws:s3:::{bucket}"


def _of_another(text: str, own_bucket: str, written: WrittenTemplate) -> bool:
    """Whether a resource is of a bucket that is surely not this one: another name, or another of the template's."""
    arn, reference, bucket = parse_arn(text), _OWN.fullmatch(text), _REFERENCE.fullmatch(own_bucket)
    if reference is None and (arn is None or arn.service != "s3" or arn.account):
        return False
    name = ""
    if reference is not None:
        name = f"${{{reference[1]}}}"
    elif arn is not None:
        name = arn.resource.partition("/")[0]
    foreign_reference = _REFERENCE.fullmatch(name)
    if foreign_reference is not None and bucket is not None:
        return (
            foreign_reference[1] != bucket[1]
            and _is_bucket(foreign_reference[1], written)
            and _is_bucket(bucket[1], written)
        )
    own_name = own_bucket if bucket is None else _name_of(bucket[1], written)
    return is_plain(name) and is_plain(own_name) and name != own_name


def _name_of(logical_id: str, written: WrittenTemplate) -> str:
    """The name that a bucket of the template is given; a reference to it where it has none."""
    properties = written.resources.get(logical_id, {}).get("Properties")
    name = properties.get("BucketName") if isinstance(properties, dict) else None
    return name if isinstance(name, str) and name else f"${{{logical_id}}}"


def _is_bucket(name: str, written: WrittenTemplate) -> bool:
    return written.type_of(name) == "AWS::S3::Bucket"
