"""Actions and resources that do not fit each other, or the kind of policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from remit.catalogue.actions import action as action_named
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.catalogue.types import access_of
from remit.iam.placeholders import placeholder
from remit.lint import conditions, resource_fit
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.plain_text import is_plain
from remit.lint.resource_types import actions_on_resources, acts_on, types_named
from remit.lint.rule_inputs import RESOURCE, TRUST, ParsedStatement, PolicyDocument


@rule("R301", ERROR, looks_at="statement")
def no_resource_level(item: ParsedStatement) -> Iterator[Problem]:
    """An action that knows no resources is allowed on an ARN.

    Such actions match `*` alone, so the statement never grants them: AccessDenied. Some that list things are checked
    against an ARN that stands for all of a kind (`log-group::log-stream:`): a pattern that matches it will do. It is a
    warning in a Deny or where remit is not certain, and a note where a grant of the AWS CDK writes it.

    Flagged:

        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}

    Source: the "Service Authorization Reference" (AWS): actions without a resource type.
    """
    if not item.names_arns:
        return
    for text in item.statement.actions.patterns:
        names = expand(text)
        if not names or actions_on_resources(text):
            continue
        if not any(acts_on(name, shape) for name in names for shape in item.shapes):
            subject = f"'{names[0]}'" if len(names) == 1 else f"no action of '{text}'"
            verb = "has no" if len(names) == 1 else "has"
            message = f"{subject} {verb} resource-level permissions: on an ARN it never matches"
            from remit.lint import cdk_grants  # noqa: PLC0415 - asked of mistakes alone

            of_cdk = cdk_grants.hint_on(text, item.statement.actions.patterns)
            hint = of_cdk or "allow it on '*', in a statement of its own"
            yield Problem(message, hint, ("Action", text), NOTE if of_cdk else item.severity_of(names[0]))


@rule("R303", ERROR, looks_at="statement")
def resource_of_another_service(item: ParsedStatement) -> Iterator[Problem]:
    """An action is allowed, or denied, on resources of another service alone.

    It never matches. It is a warning in a Deny, and where remit is not certain.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: the "Service Authorization Reference" (AWS): resource types of actions.
    """
    for text, names in item.unfit:
        if not resource_fit.same_service(names, item.shapes):
            services = ", ".join(resource_fit.services_of(item.shapes))
            target = resource_fit.acted_on(names[0])
            message = f"'{text}' acts on {target}, and every Resource here is of {services}: it never matches"
            yield Problem(message, f"name {target} in Resource", ("Action", text), item.severity_of(names[0]))


@rule("R304", NOTE, looks_at="statement")
def unused_resource(item: ParsedStatement) -> Iterator[Problem]:
    """A resource of a statement that none of its actions acts on.

    It does nothing; most likely another action, or another resource, was meant.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

    Better:

        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
         "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

    Source: the "Service Authorization Reference" (AWS): resource types of actions.
    """
    if len(item.resources) == 1 or not item.names_resources:  # with one, the action has the finding
        return
    if not all(map(expand, item.statement.actions.patterns)):
        return
    names = sorted(item.known_actions)
    for text, shape in zip(item.resources, item.shapes, strict=True):
        if not any(acts_on(name, shape) for name in names):
            message = f"no action of the statement acts on '{text}': it does nothing"
            yield Problem(message, "remove it, or add the action that needs it", ("Resource", text))


_DOUBLED = ":parameter//"


@rule("R305", ERROR, looks_at="statement", needs=":parameter//")
def doubled_slash(item: ParsedStatement) -> Iterator[Problem]:
    """The ARN of a parameter has two slashes before its name.

    The name of a parameter in a hierarchy begins with a slash, which its ARN does not repeat: `/app/key` is
    `parameter/app/key`. With two it matches nothing.

    Flagged:

        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter//app/key"}

    Better:

        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/app/key"}

    Source: "Actions, resources, and condition keys for AWS Systems Manager" (Service Authorization Reference).
    """
    for text in item.resources:
        if _DOUBLED in text:
            message = f"'{text}' has two slashes before the parameter's name: it matches nothing"
            meant = text.replace(_DOUBLED, ":parameter/")
            yield Problem(message, f"did you mean '{meant}'?", (item.resource_element, text))


@rule("R309", ERROR, looks_at="negated")
def excepts_everything(item: ParsedStatement) -> Iterator[Problem]:
    """NotAction or NotResource has `*`: the statement excepts everything, and applies to nothing.

    An Allow grants nothing. A Deny, which people rely on, denies nothing.

    Flagged:

        {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "*"}

    Better:

        {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "arn:aws:s3:::scratch/*"}

    Source: "IAM JSON policy elements: NotResource", "IAM JSON policy elements: NotAction" (IAM User Guide).
    """
    element = item.excepting_everything
    if element:
        verb = "grants" if item.allows else "denies"
        message = f"{element} '*' excepts everything: the statement {verb} nothing"
        hint = f"name what is excepted, or write {element.removeprefix('Not')}"
        yield Problem(message, hint, (element, "*"))


_SURE = resource_fit.RELIABLE | {"iam"}
_WITHOUT_REGION = frozenset({"cloudfront", "iam", "organizations", "route53", "sts"})
"""Services that are the same in every region, so that none of their ARNs names one (`iam:*` means several types)."""


@rule("R302", ERROR, looks_at="statement")
def wrong_resource_type(item: ParsedStatement) -> Iterator[Problem]:
    """An action is allowed, or denied, on a resource of another type than it acts on.

    It never matches: an object action on a bucket, a table action on an index. Neither does an ARN with a region or an
    account that such a resource's has not. It is a warning in a Deny, and where remit is not certain.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Some grants of the AWS CDK list actions of streams beside those of tables, or of consumers beside those of streams: that
    is a note, since it harms nothing and no author wrote it.

    Source: the "Service Authorization Reference" (AWS): resource types of actions; "Use aliases to control access to KMS
    keys" (AWS KMS Developer Guide); "Permissions" of aws-dynamodb (AWS CDK Reference).
    """
    if item.unfit and any(text.count("${") > text.count("}") or placeholder(text) for text in item.resources):
        return  # R127 or R129 tells of it, and nobody knows what was meant
    for text, names in item.unfit:
        if resource_fit.same_service(names, item.shapes):
            yield _unfit(item, text, names)
    if not item.unfit and item.resource_element == "Resource":
        yield from _nameless(item)


def _unfit(item: ParsedStatement, text: str, names: tuple[str, ...]) -> Problem:
    """The problem of an action or pattern (`text`, which means `names`) that acts on no resource of its statement."""
    subject = f"'{names[0]}'" if len(names) == 1 else f"'{text}'"
    root_user = _root_user(item)
    meant = None if root_user else resource_fit.meant_resource(names, item.resources, item.shapes)
    needless = _needless(item.resources[0], meant) if len(item.resources) == 1 else ""
    target = resource_fit.acted_on(names[0], meant if needless else None)
    reason = f"whose ARN has no {needless}" if needless else "and no Resource here is one"
    message = f"{subject} acts on {target}, {reason}: it never matches"
    no_such_arn = bool(needless) and item.allows  # such an ARN is no resource's, whatever acts on it
    severity = ERROR if no_such_arn else item.severity_of(names[0])
    from remit.lint import cdk_grants  # noqa: PLC0415 - asked of mistakes alone

    hint = cdk_grants.hint_on(text, item.statement.actions.patterns)
    if hint is not None:
        severity = NOTE
    elif root_user is not None:
        hint = f'a root user asks, and is no resource: compare {{"ArnLike": {{"aws:PrincipalArn": "{root_user}"}}}}'
    else:
        hint = _hint(item, names, meant) or f"name {target} in Resource"
    broken_resource = _broken(item) if meant else None
    spot = ("Action", text) if broken_resource is None else ("Resource", broken_resource)
    return Problem(message, hint, spot, severity)


def _hint(item: ParsedStatement, names: tuple[str, ...], meant: str | None) -> str | None:
    """A hint at what to write in place of the resource; None where nothing is known to be meant."""
    alias = _alias(item) if names[0].startswith("kms:") else None
    if alias is not None:  # the id of a key is no alias
        return f"name the key's ARN, or allow key/* if ForAnyValue:StringLike kms:ResourceAliases is '{alias}'"
    action = action_named(names[0])
    # It may name its one type of resource in some requests alone, as PutMetricData does.
    is_optional = action is not None and len(action.targets) == 1 and not action.targets[0].required
    if len(names) == 1 and is_optional:
        return "allow it on '*', in a statement of its own"
    return f"did you mean '{meant}'?" if meant else None


def _nameless(item: ParsedStatement) -> Iterator[Problem]:
    """Yield the resources that name nothing, since such ARNs have no region or account, with the ARN that was meant."""
    for text in item.resources:
        arn = parse_arn(text)
        if arn is None or arn.service not in _SURE or types_named(arn.service, text):
            continue
        for parts in (("region",), ("account",), ("region", "account")):
            meant = str(replace(arn, **dict.fromkeys(parts, "")))
            if types_named(arn.service, meant):
                message = f"'{text}' names nothing: the ARN of such a resource has no {' and no '.join(parts)}"
                severity = ERROR if item.allows else WARNING
                yield Problem(message, f"did you mean '{meant}'?", ("Resource", text), severity)
                break


def _root_user(item: ParsedStatement) -> str | None:
    """The first ARN of a root user among the resources; None without one."""
    for text in item.resources:
        arn = parse_arn(text)
        if arn is not None and (arn.service, arn.resource) == ("iam", "root"):
            return text
    return None


def _alias(item: ParsedStatement) -> str | None:
    """The first alias of a key that the statement names, as one or as if it were the id of a key; None without one."""
    for text in item.resources:
        arn = parse_arn(text)
        name = "" if arn is None else arn.resource.removeprefix("key/")
        if name.startswith("alias/"):
            return name
    return None


def _broken(item: ParsedStatement) -> str | None:
    """The first resource that is none of its service, whatever is done with it: there the mistake is.

    None: each is one, or no ARN.
    """
    for text, shape in zip(item.resources, item.shapes, strict=True):
        arn = parse_arn(shape)
        if arn is not None and not types_named(arn.service.lower(), shape):
            return text
    return None


def _needless(written: str, meant: str | None) -> str:
    """The parts that an ARN has, and the meant one has not: `region`, `account`, `region and no account`; else ""."""
    arn, meant_arn = parse_arn(written), parse_arn(meant or "")
    if arn is None:
        return ""
    if meant_arn is None or arn.resource != meant_arn.resource:
        return "region" if arn.region and arn.service in _WITHOUT_REGION else ""
    return " and no ".join(
        name for name in ("region", "account") if getattr(arn, name) and not getattr(meant_arn, name)
    )


_PLAIN = "sts:AssumeRole"
_ENTRIES = {":oidc-provider/": "sts:AssumeRoleWithWebIdentity", ":saml-provider/": "sts:AssumeRoleWithSAML"}
_WEB = frozenset({"cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com"})


@rule("R306", ERROR, looks_at="outward", needs='Principal"')
def not_an_assume_action(item: ParsedStatement) -> Iterator[Problem]:
    """A trust policy allows what is no way into a role, or not the way of its principal.

    IAM takes actions of STS alone there: "AssumeRole policy may only specify STS AssumeRole actions". Who comes from an
    identity provider takes AssumeRoleWithWebIdentity (OIDC) or AssumeRoleWithSAML, everybody else AssumeRole.

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "lambda:InvokeFunction"}

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}

    Source: "Creating IAM roles", "Actions, resources, and condition keys for AWS Security Token Service" (IAM User Guide,
    Service Authorization Reference).
    """
    statement = item.statement
    if item.document.kind != TRUST or statement.actions.negated or statement.principals is None:
        return
    for text in statement.actions.patterns:
        if text.partition(":")[0].lower() != "sts" and expand(text):
            message = f"'{text}' is no way into a role: a trust policy takes actions of STS alone, and IAM refuses it"
            yield Problem(message, f"did you mean `{_entry(item)}`?", (item.action_element, text))
    assume_actions = [text for text in statement.actions.patterns if text.lower().startswith("sts:assumerole")]
    entry = _entry(item)
    wrong_actions = [text for text in assume_actions if is_plain(text) and text.lower() != entry.lower()]
    if item.allows and wrong_actions and len(wrong_actions) == len(assume_actions) and _alike(item):
        caller = "who comes from an identity provider" if entry != _PLAIN else "an account, a user, a role or a service"
        if entry != _PLAIN and wrong_actions[0] != _PLAIN:
            caller = "who comes from this provider"
        message = f"{caller} never calls {wrong_actions[0]}: nobody is let in"
        yield Problem(message, f"did you mean `{entry}`?", (item.action_element, wrong_actions[0]))


def _alike(item: ParsedStatement) -> bool:
    """Return whether all principals of a statement come in by one way, which is known."""
    if item.statement.principals is None or item.principal_element == "NotPrincipal":
        return False
    if item.document.names is not None and ("Service", "lambda.amazonaws.com") in item.principals:
        return False  # R705 tells of functions' roles
    federated = [kind == "Federated" for kind, _ in item.principals]
    return not any(federated) or (all(federated) and _entry(item) != _PLAIN)


def _entry(item: ParsedStatement) -> str:
    """The action by which the first known provider lets people in; sts:AssumeRole where others are principals, too."""
    providers = [value for kind, value in item.principals if kind == "Federated"]
    if not providers or len(providers) < len(item.principals):
        return _PLAIN
    for provider in providers:
        for part, entry in _ENTRIES.items():
            if part in provider:
                return entry
    return _PLAIN if _WEB.isdisjoint(providers) else "sts:AssumeRoleWithWebIdentity"


@rule("R307", ERROR, looks_at="outward", needs='Principal"')
def resource_of_another_policy(item: ParsedStatement) -> Iterator[Problem]:
    """The policy of a resource names an ARN, or an action, of another service.

    A bucket's policy is about that bucket, a queue's about that queue: the service refuses the rest, or it does nothing.

    Flagged:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
         "Resource": ["arn:aws:s3:::data/*", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"]}

    Better:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
         "Resource": ["arn:aws:s3:::data/*"]}

    Source: "IAM policy validation check reference" (IAM User Guide): unsupported resource ARN in policy, unsupported action
    in policy.
    """
    yield from _actions(item)
    if item.document.kind != RESOURCE or item.statement.actions.negated or len(item.resources) < 2:  # noqa: PLR2004 - one beside it
        return
    vendors = {
        text: arn.service.lower()
        for text, shape in zip(item.resources, item.shapes, strict=True)
        if (arn := parse_arn(shape)) is not None and is_plain(arn.service)
    }
    own_services = item.services.intersection(vendors.values())
    for text, vendor in vendors.items():
        if own_services and vendor not in own_services and not any(acts_on(name, text) for name in item.known_actions):
            message = f"the policy of a resource of {min(own_services)} is about no resource of {vendor}: it is refused"
            yield Problem(
                message, f"grant it in the policy of the {vendor} resource, or of the role", ("Resource", text)
            )


def _actions(item: ParsedStatement) -> Iterator[Problem]:
    """Yield the actions of another service in the policy of a template's resource."""
    kind = item.document.types.get(item.document.title, "")
    if access_of(kind).policies != "resource" or item.unfit:  # then R303 tells
        return
    service = kind.split("::")[1].lower()
    for text in item.statement.actions.patterns:
        prefix = text.partition(":")[0].lower()
        if ":" in text and is_plain(prefix) and prefix != service and expand(text):
            message = f"'{text}' is not an action of {service}, whose policy this is: it is refused"
            yield Problem(message, f"name actions of {service}", (item.action_element, text))


_SETS = {
    "aws:requesttag/": "sts:TagSession",
    "aws:tagkeys": "sts:TagSession",
    "sts:transitivetagkeys": "sts:TagSession",
    "sts:sourceidentity": "sts:SetSourceIdentity",
}
_ANYWHERE = "rolesanywhere.amazonaws.com"
_NEEDED = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")


@rule("R520", ERROR, looks_at="policy", needs="(?i)sts:")
def missing_session_action(document: PolicyDocument) -> Iterator[Problem]:
    """A trust policy compares what nobody may set: session tags without sts:TagSession, a source identity likewise.

    Whoever passes tags or a source identity needs the trust policy to allow that action, too; without it the request is
    denied, and without tags the condition is not met. IAM Roles Anywhere always passes both.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole",
           "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"},
           "Action": ["sts:AssumeRole", "sts:TagSession"],
           "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
        ]}

    Source: "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles" (IAM User Guide); "Trust
    model in AWS Identity and Access Management Roles Anywhere" (IAM Roles Anywhere User Guide).
    """
    if document.kind != TRUST:
        return
    allowed = _allowed(document.statements)
    for item in document.statements:
        for condition in item.statement.conditions if item.allows else ():
            action = next((name for key, name in _SETS.items() if condition.key.lower().startswith(key)), None)
            if action is not None and action not in allowed and conditions.needs_key(condition):
                message = f"nobody may set {condition.key}: the policy does not allow {action}, and it is never met"
                yield Problem(message, f"add {action} to Action", condition.path, index=item.index)
    anywhere = [item for item in document.statements if item.allows and ("Service", _ANYWHERE) in item.principals]
    missing = [name for name in _NEEDED if name not in _allowed(anywhere)]
    if anywhere and missing:
        message = f"IAM Roles Anywhere assumes no role without {' and '.join(missing)}"
        trusting = anywhere[0]
        place = (trusting.action_element, trusting.statement.actions.patterns[0])
        yield Problem(message, f"allow {', '.join(_NEEDED)}", place, index=trusting.index)


def _allowed(items: tuple[ParsedStatement, ...] | list[ParsedStatement]) -> frozenset[str]:
    return frozenset(
        name for item in items if item.allows for text in item.statement.actions.patterns for name in expand(text)
    )
