"""Ask CloudFormation what a template would change: make a change set, read it, throw it away if it is empty.

A change set's name is a hash of what it would deploy onto which state, and of the process that asks, so that a request
which AWS carried out but whose answer was lost finds its own change set again, and never another deploy's. Its
description says who asks. When one is executed, AWS deletes the stack's others: of several first deploys at once, that
one wins.

Source: "CreateChangeSet", "ExecuteChangeSet" (CloudFormation API Reference); "Quotas" (CloudFormation User
Guide).
"""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import remit
from remit.build import text
from remit.catalogue.quotas import quota
from remit.deploy.artefacts import names_artefact, remove_objects, upload_template
from remit.deploy.aws_errors import BUSY, answered_errors, code, if_there, message, not_found, remit_errors
from remit.deploy.bootstrap import require_bucket
from remit.deploy.bucket import Bucket, artefact_bucket
from remit.deploy.bucket_names import keep_bucket_names
from remit.deploy.imports import importable, with_imports
from remit.deploy.plan import Detail, ResourceChange, StackPlan, capabilities_of
from remit.deploy.refusals import refusals
from remit.deploy.stack import (
    DEAD,
    NAMESPACE_TAG,
    VERSION_TAG,
    DeployedStack,
    busy_error,
    deployed_template,
    describe,
    no_such_stack,
    ours,
    pauses,
    settled,
)
from remit.deploy.status import status_of
from remit.errors import Mistakes, RemitError
from remit.resources.names import HTTP_API

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.deploy.session import Account

_EMPTY: Final = ("didn't contain changes", "No updates are to be performed")
_LOOK: Final = "remit-plan-"
"""How the names of change sets begin that nobody is to execute."""
_TAKEN: Final = "EarlyValidation::ResourceExistenceCheck"
_PENDING: Final = frozenset({"CREATE_PENDING", "CREATE_IN_PROGRESS"})


class Stuck(RemitError):
    """A stack that something must be done with before it can be deployed to."""

    def __init__(self, stack: DeployedStack, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.stack = stack


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A stack, the template (JSON) that it is to have, and how it is to get it."""

    namespace: str
    body: str
    _: KW_ONLY
    owner: str = ""
    """The project and the stage that the stack belongs to; its own name unless it is given."""
    take_over: bool = False
    """Whether to deploy over a stack that another tool made."""
    adopt: bool = False
    """Whether what exists under a name that the template gives is imported, and not log groups of functions alone."""
    bucket: Bucket | None = None
    """Where large templates and zips are; remit's bucket, unless it is given."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of the template's, which the plan pins."""
    force: bool = False
    """Whether a stack of a newer remit is deployed over."""
    wait: bool = False
    """Whether to wait while somebody else deploys; `on_wait` hears of that."""
    on_wait: Callable[[DeployedStack], None] | None = None
    service_role: str | None = None
    """The role (its ARN) as which CloudFormation works from then on, instead of as the caller."""
    only_looks: bool = False
    """Whether the plan is not to be executed: `leaving_nothing` throws it away, and here the bucket is made for a large
    template alone."""
    imports: bool = False
    """Whether resources that exist already are imported ("Import AWS resources into a CloudFormation stack")."""

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the stack."""
        return {NAMESPACE_TAG: self.owner or self.namespace, VERSION_TAG: remit.__version__}

    @property
    def inline(self) -> bool:
        """True if the template goes with the request; else CloudFormation reads it from the bucket."""
        return len(self.body.encode()) <= quota("cloudformation.template.body").most

    @property
    def needs_bucket(self) -> bool:
        """True if CloudFormation reads the template from the artefact bucket, or Lambda a zip."""
        return not self.inline or names_artefact(self.body)

    def name_onto(self, stack: DeployedStack | None, caller: str) -> str:
        """The change set's name: the same only if this process asks for the same, as `caller`, onto the same state.

        It begins with `_LOOK` where nobody is to execute it: leftovers are found by that.
        """
        state = (stack.id, stack.since, stack.status) if stack is not None and not stack.new else ()
        values = [self.body, sorted(self.tags.items()), state, self.service_role, sorted(self.parameters.items())]
        text = json.dumps([*values, caller, os.getpid()])
        return f"{_LOOK if self.only_looks else 'remit-'}{sha256(text.encode()).hexdigest()[:16]}"


def plan(account: Account, request: PlanRequest) -> StackPlan | None:
    """Plan the changes of deploying a template, as a change set of CloudFormation's that waits to be executed.

    None, with nothing left behind, when it runs already. The plan's template may differ from the request's: deployed
    buckets keep their names, and what exists already is imported. A large template is uploaded.

    RemitError: somebody else deploys (75), the stack is not remit's, was deployed by a newer remit (unless
    `force`), or is in a state that needs a decision (Stuck, where one can be made); there is no bucket to upload to;
    the template is refused.
    """
    namespace, owner, adopt = request.namespace, request.owner or request.namespace, request.adopt
    new = json.loads(request.body)
    bucket = request.bucket or artefact_bucket(account)
    with remit_errors():
        stack = settled(account, namespace, wait=request.wait, on_wait=request.on_wait)
        if request.take_over:
            _require_free_to_take_over(stack, namespace, owner)
        elif stack is not None:
            _require_deployable(account, stack, owner, force=request.force)
        old = deployed_template(account, stack)
        _require_same_types(old, new)
        kept = keep_bucket_names(account, stack, old, new)
        imports = importable(account, kept, old, namespace, adopt=adopt, take_over=request.take_over)
        if kept != new or imports:
            new, request = _importing(request, kept, imports)
        if old == new and stack is not None and _same_request(stack, request):
            return None
        if request.needs_bucket and not (request.only_looks and account.local and request.inline):
            require_bucket(account, bucket)
        change_set = _made_change_set(account, stack, request)
        if adopt and change_set is not None:
            raw_changes = [raw["ResourceChange"] for raw in change_set["Changes"]]
            imported = {raw["LogicalResourceId"] for raw in raw_changes if raw["Action"] == "Import"}
            if imports.keys() - imported:  # what is only added would stay after a delete
                _discard(account, change_set["StackId"], change_set["ChangeSetId"])
                new, request = _importing(request, kept, {id_: imports[id_] for id_ in imports.keys() & imported})
                change_set = _made_change_set(account, stack, request)
        if change_set is None:
            return None
        if not request.inline:
            _require_same_template(account, change_set, new)
        # Read again: what runs once the change set is there runs until it is executed, or else AWS refuses that.
        running = deployed_template(account, stack)
    return StackPlan(
        namespace=namespace,
        stack_id=change_set["StackId"],
        change_set=change_set["ChangeSetId"],
        kind="CREATE" if stack is None or stack.new else "UPDATE",
        changes=tuple(_change(raw["ResourceChange"]) for raw in change_set["Changes"]),
        running=running,
        template=new,
        running_parameters={} if stack is None else dict(stack.parameters),
        parameters=request.parameters,
    )


def _importing(
    request: PlanRequest, template: Mapping[str, Any], imports: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, Any], PlanRequest]:
    """The template, changed to import resources with these properties, and the request for it."""
    new = with_imports(template, imports)
    return new, replace(request, body=text(new), imports=bool(imports))


def _owner(account: Account) -> str:
    """`alice@laptop, arn:aws:iam::111122223333:user/alice`: who deploys, for colleagues."""
    user = ""
    with suppress(OSError, KeyError, ImportError):  # a user without a name, as in some containers
        user = f"{getpass.getuser()}@"
    return f"{user}{socket.gethostname()}, {account.caller}"


def discard(account: Account, planned: StackPlan) -> None:
    """Throw a plan away: its change set, and the empty stack that AWS made to hold a first one.

    What is gone already is no error. RemitError: AWS refuses.
    """
    with remit_errors():
        _discard(account, planned.stack_id, planned.change_set)


@contextmanager
def leaving_nothing(account: Account, namespace: str, bucket: Bucket) -> Iterator[None]:
    """Throw plans with `only_looks` away in the end: this caller's from this machine, also of those that were killed.

    Whatever is raised inside, or by a first try to throw them away, passes on after one more try, of which a RemitError
    is swallowed. RemitError: AWS refuses.
    """
    try:
        yield
        _discard_looks(account, namespace, bucket)
    except BaseException:
        with suppress(RemitError):
            _discard_looks(account, namespace, bucket)
        raise


def _discard_looks(account: Account, namespace: str, bucket: Bucket) -> None:
    """Delete this caller's change sets and objects of plans that only look, once AWS has finished making them.

    A stack that is gone is no error.
    """
    owner = _owner(account)
    with remit_errors():
        remove_objects(account, bucket.name, f"{_look_folder(namespace, owner)}/")
        try:
            pages = account.client("cloudformation").get_paginator("list_change_sets").paginate(StackName=namespace)
            change_sets = [
                summary["ChangeSetId"]
                for page in pages
                for summary in page["Summaries"]
                if summary["ChangeSetName"].startswith(_LOOK) and summary.get("Description") == owner
            ]
            for change_set in change_sets:
                _finished_change_set(account, namespace, change_set)  # AWS deletes none that it still makes
            _discard(account, namespace, *change_sets)
        except answered_errors() as error:
            if not no_such_stack(error):  # else no stack is there, or another plan threw it away
                raise


def _look_folder(namespace: str, owner: str) -> str:
    """The folder in the bucket for the templates of plans that are only to be looked at: each owner has one."""
    return f"{namespace}/plans/{sha256(owner.encode()).hexdigest()[:16]}"


def _require_free_to_take_over(stack: DeployedStack | None, namespace: str, owner: str) -> None:
    """Refuse with RemitError (2) to take over a stack that is not there, or is a project's (this one, too).

    The same for one in a state that no update may begin from. A stack that no project has yet passes.
    """
    if stack is None or stack.new:
        raise RemitError(
            f"there is no stack {namespace} to take over",
            hint="`config.stack_name` names the one that you mean; without `--take-over`, `remit deploy` makes it",
        )
    if stack.namespace is not None:
        ours(stack, owner, "take over")
        raise RemitError(f"stack {namespace} belongs to this project already", hint="leave `--take-over` out")
    if not stack.status.endswith("_COMPLETE") or stack.status in DEAD:
        raise RemitError(
            f"stack {namespace} cannot be taken over: {stack.reason or stack.status}",
            hint=f"it is in the state {stack.status}: repair it with the tool that made it first, or delete it there",
        )


def _require_same_types(running: Mapping[str, Any], template: Mapping[str, Any]) -> None:
    """Refuse with RemitError (2) another type under the same logical id, as CloudFormation does.

    The same for an API of another kind.

    CloudFormation makes another HTTP API where one gets a Body or loses it, unless its address is a domain that stays:
    one with a Body takes no ProtocolType, whose change replaces the API. Source: "AWS::ApiGatewayV2::Api"
    (CloudFormation reference).
    """
    for logical_id, resource in running.get("Resources", {}).items():
        new = template["Resources"].get(logical_id)
        if new is not None and new["Type"] != resource["Type"]:
            raise RemitError(
                f"{logical_id} is of type {resource['Type']} in the stack, and would become {new['Type']}: "
                "CloudFormation never changes the type of a resource",
                hint="give the new one another name, or another `logical_id=`",
            )
    resources = [stack.get("Resources", {}) for stack in (running, template)]
    has_body = ["Body" in each[HTTP_API]["Properties"] for each in resources if HTTP_API in each]
    if len(set(has_body)) > 1 and not all(f"{HTTP_API}Domain" in each for each in resources):
        raise RemitError(
            f"{HTTP_API} has {'its' if has_body[0] else 'no'} routes in its Body in the stack, and would have "
            f"{'none' if has_body[0] else 'them'} there: CloudFormation makes another API of it, at another address",
            hint=f"set `config.api.routes_in_body = {has_body[0]}`; or give the API a domain first "
            "(`config.api.domain_name`), which then leads to the new one",
        )


def _require_deployable(account: Account, stack: DeployedStack, owner: str, *, force: bool) -> None:
    """Refuse to deploy over a stack of somebody else, one that is stuck, or (but for `force`) one of a newer remit.

    Stuck: it can be cleared. RemitError (2): anything else of these.
    """
    ours(stack, owner, "deploy over")
    if stack.status in DEAD:
        raise Stuck(
            stack,
            f"the first deploy of {stack.name} failed ({stack.status}): CloudFormation can only delete what is left",
            "`remit delete` removes it, then deploy again; `remit deploy --yes` does both",
        )
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise Stuck(
            stack,
            f"the last deploy of {stack.name} failed, and so did going back: {stack.reason or stack.status}",
            "repair what it names, then `remit deploy` continues the rollback before it deploys",
        )
    if stack.status == "DELETE_FAILED":
        left = [f"{each.logical_id} ({each.type}) {each.physical_id}" for each in status_of(account, stack).failed]
        flag = " --local" if account.local else ""
        raise RemitError(
            "\n  left: ".join([f"{stack.name} is half deleted: {stack.reason or stack.status}", *left]),
            hint=f"`remit delete{flag}` finishes that; with `--empty` it empties buckets first, with all versions",
        )
    newest = dict(stack.tags).get(VERSION_TAG, "")
    if not force and _release_number(newest) > _release_number(remit.__version__):
        raise RemitError(
            f"{stack.name} was deployed by remit {newest}, and this is {remit.__version__}",
            hint="update remit here; `--force` deploys all the same",
        )


def _release_number(version: str) -> tuple[int, ...]:
    """The first three numbers of a version, to compare; of `0.1.0.dev7` those of 0.1.0; () of an empty text."""
    release = version.partition("dev")[0]  # a development version counts as its release
    return tuple(int(part) for part in re.findall(r"\d+", release)[:3])


def _same_request(stack: DeployedStack, request: PlanRequest) -> bool:
    """Return whether the stack has the request's parameters and tags, whatever its tag says of remit's version.

    Another version alone is not a reason to touch every resource.
    """
    same_tags = {**dict(stack.tags), VERSION_TAG: ""} == {**request.tags, VERSION_TAG: ""}
    return same_tags and dict(stack.parameters) == request.parameters


def _made_change_set(account: Account, stack: DeployedStack | None, request: PlanRequest) -> dict[str, Any] | None:
    """Make a change set, and return it with all its changes; None when it is empty (it is thrown away then).

    It is made a second time where it went meanwhile or cannot be executed. RemitError (2): CloudFormation refuses the
    template, each thing that it refuses in one error; the change set is thrown away. (75): somebody else changes the
    stack.
    """
    name = request.name_onto(stack, _owner(account))
    source = _template_source(account, request)
    for again in (True, False):
        _create(account, stack, request, name, source)
        change_set = _finished_change_set(account, request.namespace, name)
        if change_set is None:  # it went with the stack, whose own plan somebody threw away, or executed
            _refuse_overtaken(account, request.namespace)
            continue
        if change_set["Status"] != "FAILED" and change_set["ExecutionStatus"] == "AVAILABLE":
            return change_set
        reason = change_set.get("StatusReason", "")
        is_empty, mistakes = any(words in reason for words in _EMPTY), Mistakes()
        if change_set["Status"] == "FAILED" and not is_empty:  # what says why goes with the change set
            refused = refusals(account, change_set["StackId"], change_set=change_set["ChangeSetId"])
            mistakes.errors += [refusal.error for refusal in refused]
        # AWS keeps a change set that failed, and counts it among those of its stack.
        _discard(account, change_set["StackId"], change_set["ChangeSetId"])
        if is_empty:
            return None
        mistakes.refuse()
        if change_set["Status"] == "FAILED" or not again:
            hint = None
            if _TAKEN in reason:
                hint = (
                    "something of a name that the template gives is there already; of log groups, which logs that come "
                    "late make anew, `aws logs describe-log-groups --log-group-name-prefix "
                    f"/aws/lambda/{request.namespace}-` lists them, and `aws logs delete-log-group` deletes one"
                )
            reason = reason or change_set["ExecutionStatus"]
            raise RemitError(f"CloudFormation refuses the template: {reason}", hint=hint)
    raise RemitError(
        f"somebody else plans and discards deploys of {request.namespace}", hint="deploy again", exit_code=BUSY
    )


def _require_same_template(account: Account, change_set: dict[str, Any], template: dict[str, Any]) -> None:
    """See that CloudFormation made a change set of this template: it reads the bucket a moment after the upload.

    RemitError (1): it was another; the change set is thrown away.
    """
    names = {"StackName": change_set["StackId"], "ChangeSetName": change_set["ChangeSetId"]}
    answer = account.client("cloudformation").get_template(**names, TemplateStage="Original")
    if answer["TemplateBody"] != template:
        _discard(account, change_set["StackId"], change_set["ChangeSetId"])
        raise RemitError(
            "nothing was deployed: CloudFormation read another template than the one that was uploaded",
            hint="somebody else writes to the artefact bucket: find out who (CloudTrail), then deploy again",
            exit_code=1,
        )


def _template_source(account: Account, request: PlanRequest) -> dict[str, str]:
    """The argument that gives CloudFormation the template: its text, or for a large one the URL that it is uploaded to.

    RemitError (2): it is larger than CloudFormation reads.
    """
    size = len(request.body.encode())
    most = quota("cloudformation.template.s3").most
    if size > most:
        raise RemitError(
            f"the template has {size:,} bytes, and CloudFormation reads {most:,} at most",
            hint="split the project: a stage or a group of functions with a stack of its own",
        )
    if request.inline:
        return {"TemplateBody": request.body}
    folder = _look_folder(request.namespace, _owner(account)) if request.only_looks else request.namespace
    bucket = request.bucket or artefact_bucket(account)
    return {"TemplateURL": upload_template(account, bucket.name, folder, request.body)}


def _create(
    account: Account, stack: DeployedStack | None, request: PlanRequest, name: str, source: dict[str, str]
) -> None:
    """Ask CloudFormation to make a change set, which takes it a while; one of this name may be there already.

    RemitError (75): somebody else deploys, or made the stack meanwhile; (2): the template is refused. Another error of
    AWS's is raised as the SDK has it.
    """
    is_new = stack is None or stack.new
    arguments: dict[str, Any] = {
        "StackName": request.namespace,
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if is_new else "UPDATE",
        "Description": _owner(account),
        "Capabilities": list(capabilities_of(json.loads(request.body))),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(request.tags.items())],
        **source,
    }
    if request.parameters:
        arguments["Parameters"] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(request.parameters.items())
        ]
    if request.imports:
        arguments["ImportExistingResources"] = True
    if request.service_role is not None:
        arguments["RoleARN"] = request.service_role
    if is_new:
        # Else a first deploy that failed would leave a stack that CloudFormation can only delete.
        arguments["OnStackFailure"] = "DELETE"
    try:
        account.client("cloudformation").create_change_set(**arguments)
    except answered_errors() as error:
        if code(error) not in ("AlreadyExistsException", "ValidationError"):
            raise
        _refuse_overtaken(account, request.namespace, only_busy=not is_new)
        if code(error) == "ValidationError":
            hint = "the AWS on this machine simulates no types of third parties, modules, or newer than itself"
            raise RemitError(
                f"CloudFormation refuses the template: {message(error)}", hint=hint if account.local else None
            ) from error
        # else this very request came through before: its answer was lost


def _refuse_overtaken(account: Account, namespace: str, *, only_busy: bool = False) -> None:
    """Refuse to go on where somebody else deploys, or has deployed what was not there a moment ago. RemitError (75).

    With `only_busy`, a stack that somebody has deployed is no reason.
    """
    stack = describe(account, namespace)
    if stack is not None and (stack.busy or not (stack.new or only_busy)):
        raise busy_error(account, stack)


def _finished_change_set(account: Account, namespace: str, name: str) -> dict[str, Any] | None:
    """Wait until a change set is made or has failed, and return it with all its changes; None where it is gone."""
    client = account.client("cloudformation")
    ask: Callable[[], dict[str, Any]] = partial(client.describe_change_set, StackName=namespace, ChangeSetName=name)
    waits = pauses(account)
    while True:
        change_set = if_there(ask, lambda error: not_found(error) or no_such_stack(error))
        if change_set is None:
            return None
        if change_set["Status"] not in _PENDING:
            break
        time.sleep(next(waits))
    token = change_set.get("NextToken")
    while token:
        page = client.describe_change_set(StackName=namespace, ChangeSetName=name, NextToken=token)
        change_set["Changes"] = [*change_set["Changes"], *page["Changes"]]
        token = page.get("NextToken")
    return {**change_set, "Changes": change_set.get("Changes", [])}


def _discard(account: Account, stack_name: str, *change_sets: str) -> None:
    """Delete change sets, and the empty stack that AWS made to hold them if nobody else's change set waits there.

    Nothing happens where the stack is gone.
    """
    client = account.client("cloudformation")
    stack = describe(account, stack_name)
    if stack is None:
        return
    for change_set in change_sets:
        client.delete_change_set(ChangeSetName=change_set, StackName=stack.id)
    if stack.status == "REVIEW_IN_PROGRESS" and not client.list_change_sets(StackName=stack.name)["Summaries"]:
        client.delete_stack(StackName=stack.id)


def _change(raw: dict[str, Any]) -> ResourceChange:
    """A change of a resource, as a change set lists it: `raw` is CloudFormation's `ResourceChange`.

    A detail has a cause only where CloudFormation knows the value no sooner than the deploy (`Dynamic`).
    """
    details: list[Detail] = []
    for detail in raw.get("Details", ()):
        target = detail.get("Target", {})
        recreates = target.get("RequiresRecreation", "Never")
        details.append(
            Detail(
                property=target.get("Name") or target.get("Attribute", ""),
                cause=detail.get("CausingEntity", "") if detail.get("Evaluation") == "Dynamic" else "",
                recreates="" if recreates == "Never" else recreates,
            )
        )
    return ResourceChange(
        action=raw["Action"],
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        replacement=raw.get("Replacement", ""),
        scope=tuple(raw.get("Scope", ())),
        details=tuple(details),
        physical_id=raw.get("PhysicalResourceId", ""),
    )
