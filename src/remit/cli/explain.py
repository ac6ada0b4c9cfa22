"""`remit explain`: what a function may do and why, the verdict on one request, or what an action is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from remit.cli import options
from remit.cli.options import INPUT
from remit.did_you_mean import MISSPELT, did_you_mean
from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.answers.explanation import Explanation
    from remit.answers.template_roles import Conditions
    from remit.app import App
    from remit.documents.read import ParsedFile
    from remit.holders import Holder, PolicyHow
    from remit.iam.decide.endpoint import EndpointType, VpcEndpoint
    from remit.template.roles import FileRoles

_FEW: Final = 8  # actions of several that are told
_FORMS: Final = "FUNCTION, FUNCTION ACTION RESOURCE, FILE [ROLE] [ACTION [RESOURCE]], or ACTION"
_TYPE: Final = re.compile(r"(?:AWS|Alexa)::\w+::\w+")


@click.command("explain", short_help="Explain what a function may do, or what an action is.")
@click.argument("words", nargs=-1, metavar="[FUNCTION | FILE [ROLE]] [ACTION [RESOURCE]]")
@click.option("--policy", type=INPUT, help="Explain this policy document (- for standard input) instead of the app.")
@click.option(
    "--template",
    type=INPUT,
    help="Explain the roles of this CloudFormation or SAM template, or Terraform plan (- for standard input).",
)
@click.option("--endpoint-policy", type=INPUT, help="The policy of the VPC endpoint that the request passes.")
@options.endpoint_type_option
@options.kind_option
@click.option("--stack", help="The name of the template's stack (default: any).")
@click.option("--seen", is_flag=True, help="What the function is granted beside what it used in runs and tests here.")
@click.option("--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter of the template.")
@options.app_options
@options.json_option
def command(  # noqa: C901, PLR0911, PLR0912 - one thing that a word may name after the other
    words: tuple[str, ...],
    policy: Path | None,
    template: Path | None,
    endpoint_policy: Path | None,
    endpoint_type: EndpointType | None,
    kind: str | None,
    stack: str | None,
    parameters: tuple[str, ...],
    folder: Path,
    stage: str | None,
    *,
    seen: bool,
) -> int:
    """Explain what a function may do and why, whether it may do one thing, or what an action is.

    With FUNCTION alone, it prints every statement of the function's role: actions with their access levels, the reason,
    the line. With ACTION and RESOURCE, it prints whether that is allowed and by which statement, or what is missing and
    the line that would grant it. The exit code is 1 if it is not allowed. RESOURCE is an ARN, `*`, a resource of the
    app (`DataTable`, `Data.table`) or a name (`orders`, `uploads/a.csv`). Without RESOURCE, it prints on which
    resources the role has the action.

    With ACTION alone, it prints what AWS says about the action. ACTION may be a pattern, or an operation of the API. A
    CloudFormation type, an ARN and an AWS managed policy are explained, too.

    FILE is a policy, a CloudFormation or SAM template (JSON or YAML), or the output of `terraform show -json`. ROLE is
    one of its roles, a function that uses one, or a user, group or managed policy, by logical id or name. A user has
    the policies of its groups. Without ROLE, a table of what each may do comes first. Where the template's conditions
    and parameters decide, each answer says when it holds.

    Of an app, the policies of its own resources count, too, and so do the account's managed policies of which
    config/policies/NAME.json has the text.

    With --seen, it prints each action that FUNCTION is granted beside the calls that used it, and the calls that were
    denied, as the AWS on this machine saw them in runs and in tests.

    With --endpoint-policy, the request passes a VPC endpoint, whose policy must allow it as well.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit explain report
      remit explain report --seen
      remit explain report dynamodb:PutItem DataTable
      remit explain report s3:GetObject arn:aws:s3:::uploads/incoming/a.csv
      remit explain dynamodb:BatchGetItem
      remit explain 's3:Get*'
      remit explain AWS::SQS::Queue
      remit explain arn:aws:iam::aws:policy/ReadOnlyAccess s3:GetObject uploads/a.csv
      remit explain policy.json s3:PutObject uploads/a.csv
      remit explain report s3:GetObject uploads/a.csv --endpoint-policy endpoint.json
      remit explain template.yaml
      remit explain template.yaml ReportFunction dynamodb:Scan orders
      terraform show -json plan | remit explain --template - aws_iam_role.report
    """
    if policy is not None and template is not None:
        raise RemitError("--policy and --template cannot be explained at once", hint="give one of them")
    if seen:
        return _seen(words, folder, stage)
    from remit.iam.decide.endpoint import VpcEndpoint

    endpoint, kind_of_endpoint = VpcEndpoint(), options.type_of_endpoint(endpoint_policy, endpoint_type)
    if endpoint_policy is not None:
        from remit.template.role_files import read_policies

        endpoint = VpcEndpoint(read_policies(*options.content(endpoint_policy)).layers.identity, kind_of_endpoint)
    path = policy or template or (Path(words[0]) if words and _is_file(words[0]) else None)
    if path is not None:
        from remit.documents.read import read as read_document
        from remit.review.role_files import beside_file
        from remit.roles.reference_names import names_in
        from remit.roles.reference_shapes import shapes_of
        from remit.template.nested_templates import whole_template
        from remit.template.role_files import policy_source, read_source, template_source
        from remit.template.settled_values import settled_source

        source = read_document(*options.content(path))
        values = dict(options.parameter(text) for text in parameters)
        whole = whole_template(settled_source(source, values), beside_file(Path(source.file)))
        source = whole.source
        for name, why in whole.problems.items():
            options.note(f"nested template {name}: {why}")
        if policy is not None:
            question, read = words, policy_source(source)
        elif template is not None:
            question, read = words, template_source(source)
        else:
            question, read = words[1:], read_source(source)
        names = {**shapes_of(read.resources).texts, **names_in(stack or "*", read.resources)}
        if not read.is_policy:
            return _explain_template(question, read, names, source, endpoint)
        if not (stack or parameters):
            return _explain_policy(question, read, names, endpoint, kind)
    if stack or parameters:
        raise RemitError("--stack and --parameter go with a template", hint="an app's stack is named by its stage")
    if not words:
        raise RemitError("`remit explain` takes something to explain", hint=_FORMS)
    if words[0].startswith("arn:") and (managed := _managed_policy(words[0])) is not None:
        return _explain_policy(words[1:], managed, {}, endpoint)
    if words[0].startswith("arn:") or _TYPE.fullmatch(words[0]):
        _at_most(words, 1)
        return _explain_noun(words[0])
    if ":" in words[0] or "." in words[0]:
        _at_most(words, 1)
        return _explain_action(words[0])
    return _explain_function(words, folder, stage, endpoint)


def _at_most(words: tuple[str, ...], most: int) -> None:
    """Refuse with RemitError (2) more than `most` words."""
    if len(words) > most:
        raise RemitError(f"{' '.join(words[most:])!r} is more than `remit explain` takes here", hint=_FORMS)


def _managed_policy(name: str) -> FileRoles | None:
    """AWS's managed policy of a name or an ARN, as a file with one role; None: there is none."""
    from remit.catalogue.managed_policies import managed_policy
    from remit.template.roles import policy_role

    policy = managed_policy(name)
    if policy is None:
        return None
    title = f"{policy.name} {policy.version}"
    return policy_role(policy.document, title, lambda _: Origin(title))


def _explain_noun(text: str) -> int:
    """Explain a type of CloudFormation by what is called for it, or an ARN by what it names; the exit code.

    RemitError (2): nothing that is known has that name.
    """
    from remit.catalogue.arns import parse, types_of
    from remit.catalogue.handlers import handlers
    from remit.report.actions import arn_document, arn_lines, type_document, type_lines

    if _TYPE.fullmatch(text):
        called = handlers(text)
        if called is None:
            from remit.catalogue.types import resource_types

            exists = text in resource_types()
            problem = (
                "it is not known what CloudFormation calls for it" if exists else "CloudFormation has no such type"
            )
            raise RemitError(f"{text}: {problem}", hint=None if exists else did_you_mean(text, resource_types()))
        lines, document = type_lines(called), type_document(called)
    else:
        if ":iam::aws:policy/" in text:
            from remit.catalogue.meant_names import nearest_managed_policy

            name = text.rpartition("/")[2]
            meant = nearest_managed_policy(name)
            hint = None if meant is None else f"did you mean `{meant}`?"
            raise RemitError(f"AWS has no managed policy {name}", hint=hint)
        kinds = types_of(text)
        if not kinds:
            problem = "no resource that is known has such an ARN" if parse(text) else "is not an ARN: one has six parts"
            raise RemitError(f"{text}: {problem}", hint="arn:partition:service:region:account:resource")
        lines, document = arn_lines(text, kinds), arn_document(text, kinds)
    options.print_answer(document, lines)
    return 0


def _explain_action(text: str) -> int:
    """Explain the actions that a text means, and return 0. A pattern or a service lists them, a name tells all of one.

    RemitError: (2) it means none; (1) it is an operation of an API that needs no permission.
    """
    from remit.answers.meant_actions import meant
    from remit.catalogue.actions import action as catalogued
    from remit.catalogue.actions import services
    from remit.iam.pattern import is_pattern
    from remit.report.actions import action_document, action_lines, level_of

    text = f"{text}:*" if text.lower() in services() else text
    names, note = meant(text)
    actions = [action for action in map(catalogued, names) if action is not None]
    document = action_document(actions[0]) if len(names) == len(actions) == 1 and note is None else None
    listed = [{"action": name, "level": level_of(name)} for name in names]
    lines = [] if note is None else [note]
    if is_pattern(text):
        lines += (f"  {name}  {level_of(name)}" for name in names)
    else:
        lines += (line for action in actions for line in action_lines(action))
    options.print_answer({"note": note, "actions": listed} if document is None else document, lines)
    return 0


def _explain_function(words: tuple[str, ...], folder: Path, stage: str | None, endpoint: VpcEndpoint) -> int:
    """Explain a function's or a role's access.

    Where the app cannot be loaded or has none of that name, the word is tried as a managed policy and, alone, as one of
    AWS's; else that error is raised.
    """
    from remit.cli.policy import role_of
    from remit.loading.load import load
    from remit.roles.assign import assign
    from remit.roles.role_policies import ready_roles

    _at_most(words, 3)
    try:
        app = load(folder, stage)
        roles = assign(app)
        role = role_of(app, roles, words[0])
    except RemitError as error:
        if (managed := _managed_policy(words[0])) is not None:
            return _explain_policy(words[1:], managed, {}, endpoint)
        if len(words) > 1:
            raise
        return _explain_aws_word(words[0], error)
    if len(words) == 1:
        return _tell_roles([role], endpoint)
    if not role.functions:
        raise RemitError(
            f"{role.logical_id} is the role of {', '.join(role.serves)}, and no function runs under it",
            hint=f"`remit explain {role.logical_id}` lists what it may do",
        )
    name = words[0] if words[0] in role.functions else role.functions[0]
    ready_role = ready_roles(app, roles, endpoint)[name]
    return _explain_request(app, ready_role, name, words[1:], folder)


def _seen(words: tuple[str, ...], folder: Path, stage: str | None) -> int:
    """Report a function's grants beside the access that it was seen to use.

    RemitError (2): not exactly one function of the app is named, or it brings a role of its own.
    """
    if len(words) != 1:
        raise RemitError("--seen takes one function of the app", hint="such as `remit explain report --seen`")
    (name,) = words
    from remit.answers.seen_access import granted_and_seen
    from remit.cli.policy import role_of
    from remit.loading.load import load
    from remit.report.seen_access import seen_document, seen_lines
    from remit.roles.assign import assign
    from remit.roles.fit_quotas import fit
    from remit.roles.policy_size import Sizes
    from remit.roles.reference_names import resources_of

    app = load(folder, stage)
    asker = next((declared for declared in app.triggered if name in (declared.name, declared.listed_as)), None)
    if asker is None:
        raise options.no_function(app, name)
    role = role_of(app, assign(app), asker.listed_as)  # which says that a function brings its own
    sizes = Sizes(app.namespace, {resource.logical_id: resource for resource in resources_of(app)})
    comparison = granted_and_seen(folder, app.deployed_name(asker), role, fit(role, sizes))
    lines = seen_lines(f"{role.logical_id}, the role of {name}", comparison)
    options.print_answer(seen_document(role.logical_id, comparison), lines)
    return 0


def _explain_aws_word(word: str, error: RemitError) -> int:
    """Explain a word that names no function of the app, but an operation (`GetItem`) or a service of AWS; return 0.

    RemitError: it names none. That is `error`, with a hint where the word is nearly a service (`lamda`); or (1) the
    operation needs no permission.
    """
    from remit.answers.meant_actions import is_meant
    from remit.catalogue.meant_names import nearest_services

    if is_meant(word):
        return _explain_action(word)
    services = nearest_services(word, MISSPELT)
    if not services:
        raise error
    hint = f"of AWS's services, {' or '.join(f'`{service}:*`' for service in services)}"
    raise RemitError(error.message, hint="; ".join(filter(None, (error.hint, hint))), origin=error.origin)


def _explain_request(app: App, ready_role: Holder, name: str, words: tuple[str, ...], folder: Path) -> int:
    """Print the verdict on ACTION [RESOURCE] of a function, with the line that would grant it; the exit code.

    Without RESOURCE, there is a verdict for each of a few resources on which the role has the action; where it has
    none, the line leaves the resource open. RemitError (2): it is no action.
    """
    from remit.answers.explanation import explain
    from remit.answers.remedy import remedy
    from remit.answers.resource_policies import with_resource_policies
    from remit.catalogue.actions import targets_of
    from remit.review.resource_access import policies_beside

    action, resources = _action_and_resources(ready_role, words)
    asker = next(declared for declared in app.triggered if declared.listed_as == name)
    vague = resources == ("*",) and not words[1:] and targets_of(action)
    policies = tuple(policies_beside(app.resources))
    answers = []
    for resource in resources:
        answer = explain(ready_role, name, action, resource)
        answers.append(with_resource_policies(answer, ready_role, policies))
    return _tell(
        *(
            replace(answer, remedy=remedy(app, asker, action, "" if vague else answer.resource, folder))
            for answer in answers
        )
    )


def _action_and_resources(role: Holder, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The action, and its resources: those that are named, else a few of the role's own statements, else `*`.

    An action that lists things is asked on what its service asks about. RemitError (2): it is no action.
    """
    from remit.answers.remedy import resource_form_of
    from remit.answers.why import granted_on
    from remit.catalogue.action_resources import KIND_ARNS
    from remit.catalogue.actions import targets_of

    action = _action_of(words[0])
    if len(words) > 1:
        return action, words[1:]
    if action in KIND_ARNS:
        return action, (resource_form_of(action),)
    return action, (granted_on(role, action)[:_FEW] if targets_of(action) else ()) or ("*",)


def _action_of(action: str) -> str:
    """An action in AWS's own case, from one in any case or from an operation that needs one alone.

    A note says where another name was meant. One that the catalogue does not have stays as it is. RemitError: (2) it is
    no action, or stands for several; (1) it is an operation that needs no permission.
    """
    from remit.answers.meant_actions import meant
    from remit.catalogue.actions import action as catalogued
    from remit.catalogue.operations import named
    from remit.iam.pattern import is_pattern

    if action.startswith("arn:") or not (":" in action or "." in action or named(action)):
        hint = "an action reads `service:Operation`, and comes before the resource"
        raise RemitError(f"{action!r} is not an action", hint=hint)
    catalogued_action = catalogued(action)
    if catalogued_action is not None:
        return catalogued_action.full_name
    try:
        names, note = meant(action)
    except RemitError:
        if ":" in action and not is_pattern(action):
            return action  # it may be newer than the catalogue, which the answer says
        raise
    if len(names) > 1:
        raise RemitError(f"{note or action}: ask for one of them", hint=", ".join(names[:_FEW]))
    if note is not None:
        options.note(note)
    return names[0]


def _tell(*explanations: Explanation) -> int:
    """Print explanations; the exit code is 0 if all of the requests are allowed, else 1."""
    from remit.report.explanation import verdict_document, verdict_lines

    documents = [verdict_document(explanation) for explanation in explanations]
    lines = (line for explanation in explanations for line in verdict_lines(explanation))
    options.print_answer(documents[0] if len(documents) == 1 else documents, lines)
    return 0 if all(explanation.verdict == "Allowed" for explanation in explanations) else 1


def _is_file(word: str) -> bool:
    """Return whether a word is taken for a path: it ends as policies and templates do, or is a file in a folder.

    Names of functions have no dots and no slashes.
    """
    path = Path(word)
    has_suffix = path.suffix in (".json", ".yaml", ".yml", ".template")
    return has_suffix or ("/" in word and (path.is_file() or path.is_fifo()))


def _explain_policy(
    words: tuple[str, ...],
    read: FileRoles,
    names: Mapping[str, str],
    endpoint: VpcEndpoint,
    kind: str | None = None,
) -> int:
    """Explain all of a policy, or ACTION [RESOURCE] by it; the exit code.

    A limit, such as an SCP, is asked as if somebody who may do everything was within it. RemitError (2): there are too
    many words.
    """
    _at_most(words, 2)
    from remit.answers.template_roles import Conditions
    from remit.app import Grant, Reason
    from remit.holders import HeldPolicy, inline
    from remit.iam.policy import Policy as IamPolicy
    from remit.iam.policy import allow
    from remit.project.policy_kinds import LIMITS, policy_kinds
    from remit.roles.role_policies import ready_role

    (role,) = read.roles
    if not words:
        return _tell_roles([role], endpoint)
    limits: dict[str, IamPolicy] = {}
    kind = policy_kinds(Path(), kind).of(Path(role.logical_id))
    if kind in LIMITS:
        statements = tuple(grant.statement for grant in role.grants)
        if kind in ("scp", "rcp") and all(statement.effect == "Deny" for statement in statements):
            statements = (*statements, allow("*"))  # as FullAWSAccess, which Organizations attaches beside it
        limits = {role.logical_id: IamPolicy(statements, role.grants[0].version)}
        everything = Grant(allow("*"), Reason("text", f"everything within this {kind}"))
        role = replace(role, policies=(inline((everything,)),))
        if kind == "endpoint":
            endpoint = replace(endpoint, policies=tuple(limits.values()))
        else:
            role = replace(role, limits=(HeldPolicy(role.logical_id, cast("PolicyHow", kind)),))
    asked_role = ready_role(role, names, limits, endpoint)
    asker = "the policy" if asked_role.layers.resource is None else "the caller"
    return _tell(*_answers(asked_role, words, asker, Conditions()))


def _answers(role: Holder, words: tuple[str, ...], asker: str, conditions: Conditions) -> tuple[Explanation, ...]:
    """The answers to ACTION [RESOURCE]: without RESOURCE one for each of a few that the role's statements name."""
    from remit.answers.template_roles import explain_in

    action, resources = _action_and_resources(role, words)
    return tuple(explain_in(conditions, role, asker, action, resource) for resource in resources)


def _explain_template(
    words: tuple[str, ...],
    read: FileRoles,
    names: Mapping[str, str],
    source: ParsedFile,
    endpoint: VpcEndpoint,
) -> int:
    """Explain whoever has policies in a template or plan, or the one that is named; or ACTION [RESOURCE] by them.

    The exit code is returned. RemitError (2): nobody in it has that name, or any policy.
    """
    from remit.answers.resource_policies import with_resource_policies
    from remit.answers.template_roles import Conditions
    from remit.review.resource_access import policies_beside
    from remit.roles.role_policies import ready_role

    _at_most(words, 3)
    names_a_role = bool(words) and (words[0] in _names_in(read) or ":" not in words[0])
    question = words[1:] if names_a_role else words
    for note in read.notes:
        options.note(note)
    name = words[0] if names_a_role else None
    roles = [role for role in read.holders if name is None or name in _names_of(role)]
    # A managed policy that somebody has is told with them, and by itself where it is asked for.
    roles = roles or [policy for policy in read.policies if name in _names_of(policy)]
    if not roles:
        nobody = "no role, user, group or managed policy"
        what = nobody if name is None else f"{nobody}, and no function, of the name `{name}`"
        raise RemitError(f"the template has {what}", hint=did_you_mean(name or "", _names_in(read)))
    if not question:
        return _tell_roles(roles, endpoint, is_list=True)
    is_cloudformation = any("::" in resource.type for resource in read.resources)  # else a plan of Terraform
    conditions = Conditions(source)
    policies = tuple(policies_beside(read.resources))
    answers: list[Explanation] = []
    for role in roles:
        asked_role = ready_role(role, names, read.documents, endpoint)
        own_answers = _answers(asked_role, question, role.title, conditions)
        answers += (with_resource_policies(answer, asked_role, policies) for answer in own_answers)
    return _tell(*(replace(answer, takes_intrinsics=is_cloudformation) for answer in answers))


def _names_in(read: FileRoles) -> list[str]:
    return [name for role in (*read.holders, *read.policies) for name in _names_of(role)]


def _names_of(role: Holder) -> tuple[str, ...]:
    """The names by which a role, user, group or policy is asked for: logical id, name, those of its functions."""
    return (role.logical_id, *((role.name,) if role.name else ()), *role.functions)


def _tell_roles(roles: list[Holder], endpoint: VpcEndpoint, *, is_list: bool = False) -> int:
    """Print what roles may do; programs get one document, or the list of a template's.

    The exit code is 0. RemitError (2): an endpoint's policy is given, which needs a request.
    """
    from remit.report.explanation import role_document, role_lines, role_table
    from remit.report.terminal_text import page

    if endpoint.policies:
        raise RemitError("--endpoint-policy goes with a request", hint="name the ACTION, and the RESOURCE")
    if options.wants_json():
        documents = [role_document(role) for role in roles]
        options.print_report(documents if is_list else documents[0])
        return 0
    texts = [page(role_table(roles))] if len(roles) > 1 else []
    texts += (page(role_lines(role)) for role in roles)
    click.echo("\n".join(texts), nl=False)
    return 0
