"""The role that SAM makes for a function or a state machine that brings none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.did_you_mean import did_you_mean
from remit.iam import tokens
from remit.iam.policy import VERSION
from remit.template.branches import NO_VALUE, Choice, choice
from remit.template.policy_documents import put_in_from
from remit.template.sam.polled_sources import SOURCES, destination, failures, statements
from remit.template.sam.resources import MadeResource, SamResource, given, tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Path

_FUNCTION: Final = "AWS::Serverless::Function"
_TAGGED: Final = {_FUNCTION: "lambda:createdBy"}
_XRAY: Final = "AWSXrayWriteOnlyAccess"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One of a role's policies: an ARN, or a document; `origins` and `reasons` by paths below it."""

    managed: bool
    value: Any
    origins: Mapping[Path, Path] = field(default_factory=dict)
    reasons: Mapping[Path, str] = field(default_factory=dict)
    arn: str = ""
    """Of a managed policy that is asked for by its name or its ARN, the ARN in the partition `aws`."""


def role(declared: SamResource, service: str) -> MadeResource:
    """The execution role, with what each of the properties and events adds to it. RemitError: a policy that is none."""
    of_properties = [*_policies_of_properties(declared), *_declared_policies(declared)]
    entries = [*of_properties, *_policies_of_sources(declared, of_properties)]
    managed: dict[str, Any] = {}
    documents: list[_Entry] = []
    for entry in entries:
        if entry.managed:
            # SAM lists an ARN once, though several properties or events add it, by its name or as it is.
            managed.setdefault(entry.arn or tokens.text_of(entry.value), entry.value)
        else:
            documents.append(entry)
    trust = declared.properties.get("AssumeRolePolicyDocument") if declared.type == _FUNCTION else None
    properties = {
        "AssumeRolePolicyDocument": trusting(service) if trust is None else trust,
        "ManagedPolicyArns": [*managed.values()],
        **({"Policies": [document.value for document in documents]} if documents else {}),
        **given(declared.properties, **_KEPT),
        "Tags": tags(declared.properties, _TAGGED.get(declared.type, "stateMachine:createdBy")),
    }
    origins: dict[Path, Path] = {(new,): declared.at(old) for new, old in _KEPT.items()}
    reasons: dict[Path, str] = {}
    for position, document in enumerate(documents):
        origins |= {("Policies", position, *below): path for below, path in document.origins.items()}
        reasons |= {("Policies", position, *below): because for below, because in document.reasons.items()}
    if trust is not None:
        origins["AssumeRolePolicyDocument",] = declared.at("AssumeRolePolicyDocument")
    return MadeResource(f"{declared.logical_id}Role", "AWS::IAM::Role", properties, declared.path, origins, reasons)


_KEPT: Final = {"Path": "RolePath", "PermissionsBoundary": "PermissionsBoundary"}


def trusting(service: str) -> dict[str, Any]:
    """The trust policy that lets a service take on a role."""
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return {"Version": VERSION, "Statement": [statement]}


def aws_policy(name: str) -> str | dict[str, Any]:
    """The ARN of a managed policy of AWS, by name; any other text as it is."""
    policy = None if name.startswith("arn:") else managed_policy(name)
    return name if policy is None else {"Fn::Sub": policy.arn()}


def _policies_of_properties(declared: SamResource) -> Iterator[_Entry]:
    """Yield the policies of a function's properties, whatever its Policies say."""
    properties = declared.properties
    if declared.type != _FUNCTION:
        return
    durable = properties.get("DurableConfig")
    yield _aws_managed("AWSLambdaBasicDurableExecutionRolePolicy" if durable else "AWSLambdaBasicExecutionRole")
    if is_traced(properties):
        yield _aws_managed(_XRAY)
    if properties.get("VpcConfig"):
        yield _aws_managed("AWSLambdaVPCAccessExecutionRole")
    letters = declared.mapping("DeadLetterQueue")
    action = {"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}.get(str(letters.get("Type")))
    if action is not None:
        statement = {"Effect": "Allow", "Action": action, "Resource": letters.get("TargetArn")}
        yield _sam_policy(
            "DeadLetterQueuePolicy", [statement], declared.at("DeadLetterQueue"), "DeadLetterQueue", VERSION
        )
    for name, path, kind, target in destinations(declared):
        sending = destination(kind, target)
        if sending:
            yield _sam_policy(f"{name}Policy", sending, path, f"EventInvokeConfig {path[-1]}")


def is_traced(properties: Mapping[str, Any]) -> bool:
    """Return whether a function sends traces to X-Ray, or may."""
    return properties.get("Tracing") not in (None, "", "Disabled")


def destinations(declared: SamResource) -> Iterator[tuple[str, Path, str, Any]]:
    """Yield the destinations of a function's asynchronous results: a name, the place, the type, the ARN.

    The name is how the logical id begins of the queue or topic that SAM makes for it. None for an ARN that is missing.
    """
    config = declared.mapping("EventInvokeConfig").get("DestinationConfig")
    for outcome in ("OnSuccess", "OnFailure"):
        outcome_config = config.get(outcome) if isinstance(config, dict) else None
        if isinstance(outcome_config, dict):
            name = f"{declared.logical_id}EventInvokeConfig{outcome}"
            kind = str(outcome_config.get("Type"))
            target = outcome_config.get("Destination")
            target_type = {"SQS": "Queue", "SNS": "Topic"}.get(kind, "")
            own_target = {"Ref": f"{name}Topic"} if kind == "SNS" else {"Fn::GetAtt": [f"{name}{target_type}", "Arn"]}
            path = declared.at("EventInvokeConfig", "DestinationConfig", outcome)
            yield name, path, kind, own_target if target is None and target_type else target


def _aws_managed(name: str) -> _Entry:
    value = aws_policy(name)
    return _Entry(managed=True, value=value, arn=tokens.text_of(value).replace(tokens.PARTITION, "aws"))


def _sam_policy(
    name: str, added_statements: list[dict[str, Any]], path: Path, because: str, version: str | None = None
) -> _Entry:
    document = {**({"Version": version} if version else {}), "Statement": added_statements}
    value = {"PolicyName": name, "PolicyDocument": document}
    return _Entry(managed=False, value=value, origins={(): path}, reasons={(): f"SAM adds it for {because}"})


def _declared_policies(declared: SamResource) -> Iterator[_Entry]:
    """Yield the entries of `Policies`, in their order; then, of a state machine that is traced, AWS's policy for it."""
    policies = declared.properties.get("Policies")
    if isinstance(policies, list):
        for position, policy in enumerate(policies):
            if policy not in (None, NO_VALUE):
                yield _policy(declared, policy, declared.at("Policies", position), position)
    elif policies:
        yield _policy(declared, policies, declared.at("Policies"), 0)
    tracing = declared.properties.get("Tracing")
    if declared.type != _FUNCTION and isinstance(tracing, dict) and tracing.get("Enabled") is True:
        yield _aws_managed(_XRAY)


def _policy(declared: SamResource, policy: Any, path: Path, number: int) -> _Entry:
    """An entry of Policies: a name, an ARN (also computed), a document, one of SAM's templates, a choice of two alike.

    RemitError (2), at its place: anything else.
    """
    if isinstance(policy, str):
        return _aws_managed(policy)
    chosen = choice(policy)
    if chosen is not None:
        return _policy_choice(declared, chosen, path, number)
    if tokens.is_intrinsic(policy):
        return _Entry(managed=True, value=policy)
    name = f"{declared.logical_id}RolePolicy{number}"
    if isinstance(policy, dict) and ("Statement" in policy or put_in_from(policy) is not None):
        value = {"PolicyName": name, "PolicyDocument": policy}
        return _Entry(managed=False, value=value, origins={("PolicyDocument",): path, (): path})
    if isinstance(policy, dict) and len(policy) == 1:
        return _from_sam_template(declared, policy, path, name)
    raise declared.wrong(
        "an entry of Policies must be a name, an ARN, a policy document or one of SAM's policy templates", path
    )


def _from_sam_template(declared: SamResource, policy_template: Mapping[str, Any], path: Path, name: str) -> _Entry:
    """A policy template of SAM's with its parameters filled in. RemitError where those do not fit, or it is none."""
    ((title, parameters),) = policy_template.items()
    sam_template = sam_policy(str(title))
    if sam_template is None:
        raise declared.wrong(f"SAM has no policy template {title}", path, did_you_mean(str(title), sam_policies()))
    if not isinstance(parameters, dict):
        raise declared.wrong(f"the parameters of {title} must be a mapping", path)
    missing = [parameter for parameter in sam_template.parameters if parameter not in parameters]
    if missing:
        raise declared.wrong(f"{title} takes {', '.join(sam_template.parameters)}; missing: {', '.join(missing)}", path)
    value = {"PolicyName": name, "PolicyDocument": sam_template.filled(parameters)}
    return _Entry(managed=False, value=value, origins={(): path}, reasons={(): f"SAM's {title}"})


def _policy_choice(declared: SamResource, chosen: Choice, path: Path, number: int) -> _Entry:
    """An entry that a condition chooses. RemitError where the branches are not of one kind, which SAM refuses."""
    written: list[Any] = []
    below: list[tuple[Path, _Entry]] = []
    for holds in (True, False):
        value, steps = chosen.branch(holds=holds)
        if value == NO_VALUE:
            written.append(NO_VALUE)
        else:
            entry = _policy(declared, value, (*path, *steps), number)
            written.append(entry.value)
            below.append((steps, entry))
    kinds = {(entry.managed, bool(entry.reasons)) for _, entry in below}
    if len(kinds) > 1:
        message = "a condition of Policies chooses between a managed policy, a document and a policy template"
        raise declared.wrong(message, path, "give each kind a condition of its own, with AWS::NoValue beside it")
    return _Entry(
        managed=kinds == {(True, False)},
        value=Choice(chosen.condition, (written[0], written[1])).written(),
        origins={(*start, *key): at for start, entry_below in below for key, at in entry_below.origins.items()},
        reasons={(*start, *key): why for start, entry_below in below for key, why in entry_below.reasons.items()},
    )


def _policies_of_sources(declared: SamResource, others: Iterable[_Entry]) -> Iterator[_Entry]:
    """Yield the policies of the event sources that Lambda reads for the function, beside the others of its role."""
    # SAM lists a document of a source once, and not at all where another property brings the very same.
    documents = [entry.value.get("PolicyDocument") for entry in others if not entry.managed]
    for event in declared.events() if declared.type == _FUNCTION else ():
        if event.type == "SNS" and event.properties.get("SqsSubscription"):
            yield _aws_managed("service-role/AWSLambdaSQSQueueExecutionRole")
        if event.type not in SOURCES:
            continue
        policy = SOURCES[event.type][1]
        if policy is not None:
            yield _aws_managed(f"service-role/{policy}")
        # Of all sources SAM gives this one's policy alone a version, and none to what is sent on.
        version = VERSION if event.type == "SelfManagedKafka" else None
        for added_statements, policy_version in ((statements(event), version), (failures(event), None)):
            because = f"event {event.name}"
            entry = _sam_policy(f"{event.id}Policy", added_statements, event.path, because, policy_version)
            if added_statements and entry.value["PolicyDocument"] not in documents:
                documents.append(entry.value["PolicyDocument"])
                yield entry
