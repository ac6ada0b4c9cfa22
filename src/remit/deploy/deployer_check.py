"""Check whether the caller may do what a deploy needs, as far as it may read what it may do.

That are the policies of its role, or of its user and the user's groups, and the boundary. Where it may not read them,
IAM's simulator answers for one request of each kind.

Source: "GetRole", "GetUser", "ListGroupsForUser", "SimulatePrincipalPolicy" (IAM API Reference).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action as known_action
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.managed_policies import is_of_aws
from remit.deploy.account_roles import held_boundary, held_policies, managed_policy_versions
from remit.deploy.aws_errors import Denied, remit_errors
from remit.deploy.stack import deployed_template, describe
from remit.deployer.deployer_policy import Deployer, bound, deployer
from remit.deployer.lacking_access import DeployerCheck, LackingAccess, check_deployer
from remit.deployer.planned_stack import stack_of
from remit.errors import Mistakes, RemitError
from remit.holders import Holder
from remit.iam.decide.evaluate import Layers, Request
from remit.iam.policy import Globs, Policy, allow, render_statement
from remit.roles.role_policies import aws_policy, ready_holder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Grant
    from remit.build import Built
    from remit.deploy.session import Account

_READS: Final = ("Read", "List")
_ONCE: Final = "iam:CreateServiceLinkedRole"
"""An action that only the first deploy of a type in an account needs."""
_DENIED: Final = "EvaluationResults[?EvalDecision != 'allowed' && !MissingContextValues].EvalActionName"


def require_deployer(built: Built, account: Account, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Refuse a deploy that the caller may not carry out, before it writes anything; return what is undecided, in words.

    What counts are writes that the new template needs to make its resources, and the running one did not. (What remit
    calls itself is refused before anything changes, too; what else an update calls, only AWS knows.) Nothing is said,
    and () returned, where the caller may not read its own policies or AWS refuses anything else, where CloudFormation
    works as another role, and on this machine for who may do anything. RemitError (1) has each lacking statement.
    """
    if account.local and account.owner is None:  # who may do anything
        return ()
    needs = []
    try:
        with remit_errors():
            stack = describe(account, built.namespace)
            running = deployed_template(account, stack) or {"Resources": {}}
        for template in (running, json.loads(built.body)):
            need = deployer(stack_of(built.namespace, [template], parameters), verbs=("create",))
            needs.append(bound(need, account.partition, account.region, account.account))
        if (stack is not None and stack.service_role) or needs[0].grants == needs[1].grants:
            return ()
        have = caller_policies(account)
    except RemitError:
        return ()
    # The needs of the running template count as held: it was deployed, by this caller or another.
    had, after = needs[0].policy, needs[1]
    have = replace(have, identity=(*have.identity, had), boundary=have.boundary and (*have.boundary, had))
    check = check_deployer(have, replace(after, grants=tuple(_certain(after.grants))), account.account)
    mistakes = Mistakes()
    for item in check.lacking:
        statement = item.grant.statement
        actions = ", ".join(statement.actions.patterns)
        needed = f"{account.caller} may not {actions}, which it needs {item.grant.because}"
        message = f"nothing was deployed: {needed}; {item.denial}"
        hint = f"add {json.dumps(render_statement(statement))}; `--force` deploys without"
        mistakes.errors.append(RemitError(message, hint=hint, exit_code=1))
    mistakes.refuse()
    return check.undecided


def _certain(grants: Iterable[Grant]) -> Iterator[Grant]:
    """Yield the grants with their writes alone, without those that a key's policy or an earlier deploy may spare."""
    for grant in grants:
        actions = [
            action.full_name
            for action in filter(None, map(known_action, grant.statement.actions.patterns))
            if action.level not in _READS and action.service != "kms" and action.full_name != _ONCE
        ]
        if actions:
            yield replace(grant, statement=replace(grant.statement, actions=Globs(tuple(actions))))


def check_caller(account: Account, need: Deployer) -> DeployerCheck:
    """Compare what the caller may do with what a deploy needs; the policies that it reads have no SCPs.

    RemitError: it may neither read its own policies nor simulate them (Denied), or is no role, user or root user.
    """
    try:
        return check_deployer(caller_policies(account), need, account.account)
    except Denied as denial:
        try:
            return _simulated(account, need)
        except Denied:
            raise denial from None


def caller_policies(account: Account) -> Layers:
    """The policies and the boundary of the caller, with those of a user's groups; the root user may do everything.

    Denied: the caller may not read them. RemitError: it is no role, user or root user, or AWS refuses.
    """
    kind, name = _role_or_user(account)
    if kind == "root":
        return Layers((Policy((allow("*"),)),))
    client = account.client("iam")
    with remit_errors():
        raw = client.get_role(RoleName=name)["Role"] if kind == "role" else client.get_user(UserName=name)["User"]
        policies = list(held_policies(client, kind, name))
        if kind == "user":
            groups = client.get_paginator("list_groups_for_user").paginate(UserName=name)
            for group in groups.search("Groups[].GroupName"):
                policies += held_policies(client, "group", group)
    holder = Holder(name, tuple(policies), limits=held_boundary(raw))
    arns = [policy.name for policy in (*policies, *holder.limits) if policy.how != "inline"]
    own = managed_policy_versions(account, (arn for arn in arns if not is_of_aws(arn)))
    return ready_holder(holder, {}, lambda arn: own[arn].policy if arn in own else aws_policy(arn)).layers


def _role_or_user(account: Account) -> tuple[str, str]:
    """Kind (role, user, root) and name of the caller, for a session the role's; the root user has no name.

    RemitError (2): it is none of these.
    """
    arn = parse_arn(account.caller)
    kind, *names = ("" if arn is None else arn.resource).split("/")
    if kind not in ("root", "assumed-role", "user"):
        raise RemitError(f"the caller {account.caller} is neither a role nor a user, so its policies cannot be read")
    if kind == "assumed-role":
        return "role", names[0]
    return kind, names[-1] if names else ""


def _simulated(account: Account, need: Deployer) -> DeployerCheck:
    """Ask IAM's simulator for a request of each action, on the first resource of its statement; it takes no patterns.

    `example` stands for the wildcards of a resource. Actions with a pattern are left out, and so is a denial that hangs
    on keys of which nothing is said: nothing is proven here in any case, and one sentence is undecided. RemitError: IAM
    refuses to simulate.
    """
    kind, name = _role_or_user(account)
    source = f"arn:{account.partition}:iam::{account.account}:role/{name}" if kind == "role" else account.caller
    pages = account.client("iam").get_paginator("simulate_principal_policy")
    lacking: list[LackingAccess] = []
    for grant in need.grants:
        statement = grant.statement
        resource = "*" if statement.resources is None else statement.resources.patterns[0]
        example = resource if resource == "*" else resource.replace("*", "example")
        actions = [name for name in statement.actions.patterns if "*" not in name]
        with remit_errors():
            answers = pages.paginate(PolicySourceArn=source, ActionNames=actions, ResourceArns=[example])
            denied = tuple(answers.search(_DENIED)) if actions else ()
        if denied:
            lacked = replace(grant, statement=replace(statement, actions=Globs(denied)))
            denial = f"IAM's simulator denies {denied[0]} on {example}"
            lacking.append(LackingAccess(lacked, Request(denied[0], example), denial))
    return DeployerCheck(
        tuple(lacking), ("IAM's simulator was asked for one request of each kind, which proves nothing",)
    )
