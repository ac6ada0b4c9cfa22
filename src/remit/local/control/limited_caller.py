"""A caller of the AWS on this machine who may do what some policies allow, and nothing else.

It is a session of a role that is made for the policies, as a pipeline assumes one: whoever answers its requests finds
the policies where all others are stored.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from remit.iam.policy import render
from remit.local.control.clients import client_arguments, session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.iam.decide.evaluate import Layers
    from remit.iam.policy import Policy
    from remit.local.state_files import LocalAws

_SESSION: Final = "remit"
_OUTSIDE: Final = re.compile(r"[^A-Za-z0-9+=,.@-]+")
"""What the name of a role may not hold."""


def limited_credentials(aws: LocalAws, name: str, layers: Layers) -> Mapping[str, str]:
    """The credentials, under boto3's names, of a session of a role with these identity policies and boundary.

    The role is called after `name` and what the policies say, so that the same policies are the same role.
    """
    clients = session(aws)
    iam = clients.client("iam", **client_arguments(aws))
    documents = [_text(policy) for policy in layers.identity]
    boundaries = [_text(policy) for policy in layers.boundary]
    digest = sha256(json.dumps([documents, boundaries]).encode()).hexdigest()[:8]
    role_name = f"{_OUTSIDE.sub('-', name)[:40]}-{digest}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": aws.account}}
    _unless_there(iam, iam.create_role, RoleName=role_name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    for number, document in enumerate(documents):
        iam.put_role_policy(RoleName=role_name, PolicyName=f"policy-{number}", PolicyDocument=document)
    for document in boundaries:
        _unless_there(iam, iam.create_policy, PolicyName=role_name, PolicyDocument=document)
        arn = f"arn:aws:iam::{aws.account}:policy/{role_name}"
        iam.put_role_permissions_boundary(RoleName=role_name, PermissionsBoundary=arn)
    role = f"arn:aws:iam::{aws.account}:role/{role_name}"
    assumed = clients.client("sts", **client_arguments(aws)).assume_role(RoleArn=role, RoleSessionName=_SESSION)
    credentials = assumed["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def _text(policy: Policy) -> str:
    return json.dumps(render(policy))


def _unless_there(iam: Any, create: Any, **parameters: str) -> None:
    try:
        create(**parameters)
    except iam.exceptions.EntityAlreadyExistsException:
        return
