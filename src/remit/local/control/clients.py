"""Clients and sessions of the AWS on this machine, which never speak to a real one by mistake."""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from remit.errors import RemitError
from remit.local.control.signed_request import OWN_HEADERS, ask, command
from remit.local.routes import FUNCTION_SESSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

    from remit.deploy.session import Account
    from remit.iam.decide.evaluate import Layers
    from remit.local.state_files import LocalAws

_SESSION: Final = "remit"
_OUTSIDE: Final = r"[^A-Za-z0-9+=,.@-]+"
"""What the name of a role may not hold."""


def session(aws: LocalAws) -> boto3.Session:
    """A boto3 session that reads neither the user's profiles nor their credentials.

    Otherwise an AWS_PROFILE that does not exist, or a damaged ~/.aws/config, would stop a local deploy.
    """
    import boto3
    import botocore.session

    core = _of_nobody(botocore.session.Session)
    return boto3.Session(aws.access_key_id, aws.secret_access_key, region_name=aws.region, botocore_session=core)


def session_as(aws: LocalAws, access_key_id: str, secret_access_key: str, token: str) -> boto3.Session:
    """A boto3 session with these credentials, whose clients and resources reach this AWS without further arguments."""
    import boto3
    import botocore.session
    from botocore.config import Config

    class Local(botocore.session.Session):
        def create_client(self, *arguments: Any, **keywords: Any) -> Any:
            keywords["endpoint_url"] = keywords.get("endpoint_url") or aws.url
            return super().create_client(*arguments, **keywords)

    core = _of_nobody(Local)
    core.set_default_client_config(Config(s3={"addressing_style": "path"}, proxies={}))
    return boto3.Session(access_key_id, secret_access_key, token, region_name=aws.region, botocore_session=core)


def _of_nobody(kind: type[Any]) -> Any:
    """A session of botocore's of this class, which reads none of the user's files and sends `OWN_HEADERS`."""
    unread = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = kind(session_vars={"profile": (None, None, None, None), **unread})
    core.register("request-created", _add_own_headers)
    return core


def _add_own_headers(**event: Any) -> None:
    for name, value in OWN_HEADERS.items():
        event["request"].headers[name] = value


def client_arguments(aws: LocalAws) -> dict[str, Any]:
    """Return the arguments of a session's `client` or `resource`, beside the service's name, to reach this AWS."""
    from botocore.config import Config

    return {
        "endpoint_url": aws.url,
        "region_name": aws.region,
        "aws_access_key_id": aws.access_key_id,
        "aws_secret_access_key": aws.secret_access_key,
        "config": Config(s3={"addressing_style": "path"}, proxies={}),
    }


def environment(aws: LocalAws) -> dict[str, str]:
    """The variables that point AWS tools and SDKs at this AWS; its keys are good until it stops."""
    return {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": aws.secret_access_key,
        "AWS_SESSION_TOKEN": "",  # a real one would be sent along
    }


def function_session(aws: LocalAws, name: str) -> boto3.Session:
    """A session of the function of this deployed name; its clients reach the AWS on this machine by themselves.

    RemitError (2): there is no such function; (69): nothing answers.
    """
    response = ask(
        aws, "GET", f"/2015-03-31/functions/{quote(name)}/configuration", service="lambda", region=aws.region
    )
    if not response.is_ok:
        raise RemitError(f"function {name} is not deployed")
    configuration = response.document()
    query = urlencode({key: configuration[key] for key in ("FunctionArn", "Role")}, quote_via=quote, safe="-_.~")
    credentials = command(aws, FUNCTION_SESSION, query=query)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return session_as(aws, *(credentials[name] for name in names))


def account_of(aws: LocalAws) -> Account:
    """The account of a running AWS, to deploy to, reached with the project's own keys. RemitError: nothing answers."""
    from remit.deploy.session import connect  # noqa: PLC0415 - what asks without an SDK does not wait for it

    arguments = client_arguments(aws)
    credentials = {name: arguments[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    return connect(region=aws.region, endpoint=aws.url, credentials=credentials)


def limited_credentials(aws: LocalAws, name: str, layers: Layers) -> Mapping[str, str]:
    """The credentials, under boto3's names, of a session of a role with these identity policies and boundary.

    The role is called after `name` and a hash of the policies, so that the same policies are the same role. It is made,
    with the boundary's policy, if it is not there, and both stay. ClientError of botocore's: IAM or STS refuses it.
    """
    from remit.deploy.session import session_credentials  # noqa: PLC0415 - few clients are limited ones
    from remit.iam.policy import render  # noqa: PLC0415 - as above

    clients = session(aws)
    iam = clients.client("iam", **client_arguments(aws))
    documents = [json.dumps(render(policy)) for policy in layers.identity]
    boundaries = [json.dumps(render(policy)) for policy in layers.boundary]
    digest = sha256(json.dumps([documents, boundaries]).encode()).hexdigest()[:8]
    role_name = f"{re.sub(_OUTSIDE, '-', name)[:40]}-{digest}"
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
    return session_credentials(assumed["Credentials"])


def _unless_there(iam: Any, create: Any, **parameters: str) -> None:
    """Create something of IAM, unless it is there already."""
    try:
        create(**parameters)
    except iam.exceptions.EntityAlreadyExistsException:
        return
