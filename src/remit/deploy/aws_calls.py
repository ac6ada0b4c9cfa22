"""List every AWS call that remit makes to deploy, show, delete and bootstrap, and the action that each needs.

Kept beside the code that calls: a test records the calls of real deploys and compares both ways. GetCallerIdentity is
not here, since nobody can be denied it.

Source: "Actions, resources, and condition keys for AWS CloudFormation", "… Amazon S3" (Service Authorization
Reference); "Required permissions for Amazon S3 API operations" (Amazon S3 User Guide).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.operations import operation
from remit.deploy.api_logs import calls_for_log_role
from remit.deploy.bootstrap import SETTINGS
from remit.deploy.existing_values import calls_for_existing
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.stored_values import calls_for_stored
from remit.deployer.needed_actions import DeployCall
from remit.synthesis.app_wide_settings import role_name
from remit.synthesis.synth import ARTEFACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.app import App, ExistingValue
    from remit.deploy.live_resources.resource_row import Row

_STACK: Final = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/{stack}/*"
_BUCKET: Final = f"arn:${{AWS::Partition}}:s3:::{ARTEFACTS}"
_OBJECTS: Final = f"{_BUCKET}/{{stack}}/*"
_ROLES: Final = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{stack}-*"
_FUNCTIONS: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:{stack}-*"
_PLAN: Final = "to plan and carry out deploys of the stack"
_FOLLOW: Final = "to follow and show the stack"
_IMPORT: Final = "to import log groups that Lambda made for functions of the app"
_PROTECT: Final = "to protect the stack of a production stage, and what holds data in it"
_CLEAR: Final = "to delete the stack, and to go on with a rollback that failed"
_FIND: Final = "to find the artefact bucket, and what of the app is in it"
_UPLOAD: Final = "to upload the app's zips and template, and to remove them when the app is deleted"
_EMPTY: Final = "to empty the buckets of the stack that are deleted with it"
_GO_BACK: Final = "to keep what was deployed as releases, and to go back to one"
_COMPARE: Final = "to compare what the stack made with what it is in the account"
_REVERT: Final = "to undo what was done by hand to what the stack made"
_REASONS_OF_PLAN: Final = {
    _PLAN: "to have CloudFormation plan changes of the stack, and to throw the plan away",
    _FOLLOW: "to read the stack as it is",
    _IMPORT: "to see which log groups of functions a deploy would import",
    _CLEAR: "to remove the empty stack that holds the plan of a first deploy",
    _UPLOAD: "to show CloudFormation a large template, and to remove it",
    _GO_BACK: "to read the releases that a rollback could go back to",
}
"""What `deploy --plan` makes the same calls for."""
_SECURE: Final = "to make the artefact bucket, and to keep it private, encrypted and versioned"


def deployer_calls(app: App, values: Sequence[ExistingValue], bucket: str) -> tuple[DeployCall, ...]:
    """The calls that remit makes to deploy an app, with its zips in `bucket`; its template looks `values` up."""
    looked_up = (*calls_for_stored(app), *calls_for_existing(values), *calls_for_log_role(app))
    return (*on_roles(in_bucket(CALLS, bucket), app), *looked_up, *(PROTECTION if app.retains_data else ()))


def in_bucket(calls: Iterable[DeployCall], name: str) -> tuple[DeployCall, ...]:
    """The same calls, on a bucket of the person's own."""
    return tuple(replace(call, on=call.on.replace(ARTEFACTS, name)) for call in calls)


def only_planning(calls: Iterable[DeployCall]) -> Iterator[DeployCall]:
    """Yield those of the calls that `deploy --plan` makes too, with its reasons.

    It uploads nothing but its template, into a folder of its own: calls on the app's objects are on `plans/*` alone.
    """
    planning = [call for call in calls if call.operation.removeprefix("cloudformation.") not in _CARRIED_OUT]
    for call in planning:
        on = f"{call.on[:-1]}plans/*" if call.because == _UPLOAD else call.on
        yield replace(call, on=on, because=_REASONS_OF_PLAN.get(call.because, call.because))


def on_roles(calls: Iterable[DeployCall], app: App) -> tuple[DeployCall, ...]:
    """The same calls, on the path and the names that the app gives its roles."""
    if app.role_path is None and app.role_name is None:
        return tuple(calls)
    pattern = "{app}-{stage}-{role}" if app.role_name is None else app.role_name
    name_start = role_name(pattern, app, "{role}").partition("{role}")[0]
    path = app.role_path or "/"
    roles = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{path}{name_start}*"
    return tuple(replace(call, on=roles) if call.on == _ROLES else call for call in calls)


def _calls(service: str, on: str, because: str, *names: str, also: tuple[str, ...] = ()) -> tuple[DeployCall, ...]:
    """Calls of operations or methods of boto3, with the actions that the catalogue has for each, and those in `also`.

    An operation that the catalogue does not know is left out.
    """
    known = [operation(service, name) for name in names]
    return tuple(
        DeployCall(f"{service}.{each.name}", (*each.actions, *also), on, because) for each in known if each is not None
    )


_READ_ROLES: Final = _calls(
    "iam", _ROLES, _COMPARE, "GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies"
)
_READ_FUNCTIONS: Final = _calls("lambda", _FUNCTIONS, _COMPARE, "GetFunction", "GetPolicy")
_BY_NAME: Final = frozenset(call.operation for call in _READ_FUNCTIONS)


def _on_each(row: Row, operations: Iterable[str], because: str) -> Iterator[DeployCall]:
    """Yield a row's calls, on each resource of its type; those in `_READ_FUNCTIONS` are left out."""
    for name in operations:
        if name not in _BY_NAME:
            for call in _calls(name.partition(".")[0], "", because, name.partition(".")[2]):
                yield replace(call, of_type=row.type)


_READ_RESOURCES: Final = tuple(
    call for row in ROWS.values() for call in _on_each(row, (read.operation for read in row.reads), _COMPARE)
)
REVERTING: Final = tuple(call for row in ROWS.values() for call in _on_each(row, row.writes, _REVERT))
"""What a deploy with --revert-drift calls to put back what was changed by hand, beside the policies of roles."""
EMPTYING: Final = tuple(
    replace(call, of_type="AWS::S3::Bucket", unless_kept=True)
    for call in (
        *_calls("s3", "", _EMPTY, "ListObjectVersions", "HeadBucket"),
        *_calls("s3", "", _EMPTY, "DeleteObjects", also=("s3:DeleteObjectVersion",)),
    )
)
"""What `remit delete --empty` calls on the buckets that go with the stack."""
_PLANNING: Final = (
    "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "ListChangeSets", "DeleteChangeSet", "GetTemplate",
)  # fmt: skip

_PROTECTING: Final = ("UpdateTerminationProtection", "GetStackPolicy", "SetStackPolicy")
_CARRIED_OUT: Final = ("ExecuteChangeSet", "DescribeStackEvents", "ContinueUpdateRollback", *_PROTECTING)


CALLS: Final = (
    *_calls("cloudformation", _STACK, _PLAN, *_PLANNING),
    *_calls("cloudformation", _STACK, _FOLLOW, "DescribeStacks", "DescribeEvents"),
    *_calls("logs", "*", _IMPORT, "DescribeLogGroups"),
    # The events of a nested stack say what failed in it.
    *(replace(call, nested=True) for call in _calls("cloudformation", _STACK, _FOLLOW, "DescribeStackEvents")),
    *_calls("cloudformation", _STACK, _FOLLOW, "ListStackResources"),
    *_calls("cloudformation", _STACK, _CLEAR, "DeleteStack", "ContinueUpdateRollback"),
    *_calls("s3", _BUCKET, _FIND, "HeadBucket", "ListObjectVersions"),
    *_calls("s3", _OBJECTS, _UPLOAD, "HeadObject"),
    *_calls("s3", _OBJECTS, _GO_BACK, "GetObject"),
    *_calls("s3", _OBJECTS, _UPLOAD, "PutObject"),
    *_calls("s3", _OBJECTS, _UPLOAD, "DeleteObjects", also=("s3:DeleteObjectVersion",)),
    *_READ_ROLES,
    *_READ_FUNCTIONS,
    *_READ_RESOURCES,
)
"""By operation, as `service.Operation`; none is made but these. `{stack}` is the stack's name.

Roles and functions are those of the stack that runs, which the app may no longer have. Where one was changed by hand, a
deploy also asks what managed policies say (`LIVE`), and goes on where it may not; with --revert-drift it makes the
calls of `deploy.role_repairs`, for which `deployer.lookups_and_repairs` has the permissions.
"""


PROTECTION: Final = _calls("cloudformation", _STACK, _PROTECT, *_PROTECTING)
"""What a deploy of a production stage calls besides."""


BOOTSTRAP: Final = (
    *_calls("s3", _BUCKET, _SECURE, "HeadBucket"),
    *_calls("s3", _BUCKET, _SECURE, "CreateBucket", also=("s3:PutBucketOwnershipControls",)),
    *(
        call
        for setting in SETTINGS
        for call in _calls("s3", _BUCKET, _SECURE, f"get_{setting.method}", f"put_{setting.method}")
    ),
)
"""What `remit bootstrap` calls; whoever deploys needs no more of it than HeadBucket."""


LIVE: Final = (
    *_calls("cloudformation", _STACK, _FOLLOW, "DescribeStacks"),
    *_calls("cloudformation", _STACK, _PLAN, "GetTemplate"),
    *_calls("cloudformation", _STACK, _FOLLOW, "ListStackResources"),
    *_READ_ROLES,
    *_calls("iam", "*", _COMPARE, "GetPolicy", "GetPolicyVersion"),
    *_READ_FUNCTIONS,
    *_READ_RESOURCES,
)
"""What `remit diff --live` calls, for the roles and functions of the stack; it only reads.

Of more than 25 roles in a real account, iam:GetAccountAuthorizationDetails spares hundreds of calls; where that is
denied, these here are made. A function that somebody moved to a role of another name needs iam:GetRole and the like on
that role, too.
"""
