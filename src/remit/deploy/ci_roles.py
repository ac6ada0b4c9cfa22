"""The roles with which jobs of GitHub and GitLab deploy: who takes them, by which token, and what they may do.

Sources: "OpenID Connect reference" (GitHub Docs): a subject names the repository, with ids or without, and the job's
environment; "Configure OpenID Connect in AWS" (GitLab Docs); "CloudFormation service role" (AWS CloudFormation).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import remit_errors
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute, failure
from remit.deploy.stack import describe
from remit.documents.read import read
from remit.errors import RemitError
from remit.project.ci_files import filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.deploy.session import Account

_REPOSITORY: Final = r"[A-Za-z0-9_.-]+(@[0-9]+)?(/[A-Za-z0-9_.-]+)+(@[0-9]+)?"
_SUBJECTS: Final = {
    "github": "repo:{repository}:environment:{environment}",
    "gitlab": "project_path:{repository}:ref_type:branch:ref:{branch}",
}


def subject(service: str, repository: str, environment: str, branch: str) -> str:
    """The subject in the token of a job of `service` (github, gitlab). RemitError: no repository can be called that.

    GitHub's names the environment of the job, GitLab's its branch; the other is left out.
    """
    if not re.fullmatch(_REPOSITORY, repository):
        raise RemitError(f"no repository is called {repository!r}", hint="acme/shop, or acme@12/shop@34 with ids")
    return _SUBJECTS[service].format(repository=repository, environment=environment, branch=branch)


def ci_roles(service: str, subjects: Sequence[str], policies: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The template of the roles that jobs with these subjects take.

    `policies` are the documents of each role, by its logical id: each becomes a managed policy that is attached to it.
    """
    file = f"{service}-roles.yaml"
    template: dict[str, Any] = read(filled(file, {"subjects": json.dumps([*subjects])}).encode(), file).value
    for role, documents in policies.items():
        for number, document in enumerate(documents, 1):
            policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
            template["Resources"][f"{role}Policy{number}"] = policy
            template["Resources"][role]["Properties"]["ManagedPolicyArns"].append({"Ref": f"{role}Policy{number}"})
    return template


def make_roles(account: Account, stack: str, template: Mapping[str, Any]) -> dict[str, str]:
    """Deploy the roles as a stack of their own; return the variables that the jobs need, by name.

    The deploy is followed to its end. An identity provider that the account has stays as it is. RemitError (1): the
    deploy fails; else as `changeset.plan`.
    """
    host = template["Resources"]["IdentityProvider"]["Properties"]["Url"].removeprefix("https://")
    provider = f"arn:{account.partition}:iam::{account.account}:oidc-provider/{host}"
    with remit_errors():
        running = describe(account, stack)
        known = account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if running is not None:  # a provider that this stack made is no other's
        provider = dict(running.parameters)["Provider"]
    elif provider not in [each["Arn"] for each in known]:
        provider = ""
    planned = plan(account, PlanRequest(stack, json.dumps(template), parameters={"Provider": provider}))
    if planned is not None:
        outcome = execute(account, planned, lambda _: None)
        if not outcome.ok:
            raise failure(outcome, outcome.hint)
    with remit_errors():
        deployed = describe(account, stack)
    return {} if deployed is None else {output.description: output.value for output in deployed.outputs}
