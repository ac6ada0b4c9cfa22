"""Lint files: a policy or a template, in JSON or YAML, and what it holds before every rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from remit.documents.json_text import DEPTH, Locate, too_large
from remit.documents.json_text import LARGEST as LARGEST_DOCUMENT
from remit.documents.read import LARGEST, NotFilledInError, ParsedFile, read_on
from remit.documents.slips import LANGUAGE, Slip
from remit.errors import Origin, RemitError
from remit.iam.policy import only_texts
from remit.lint import rule_registry, templates
from remit.lint.elements import has_principal, is_policy, is_stack_policy, raw_statements
from remit.lint.finding import WARNING, Finding, Problem
from remit.lint.policies import with_statements
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, TRUST, PolicyDocument, below
from remit.lint.run import finding, findings, of_document, ordered, unreadable
from remit.lint.suppress import OF_COMMENTS, suppress
from remit.template.terraform.state import is_plan
from remit.template.written_template import is_template, written_template

_ASSUMING: Final = ("sts:assume", "sts:tag", "sts:set")
_FIRM: Final = frozenset({"R001", *OF_COMMENTS})
_TAKE_APART: Final = "no quota of AWS is near that: take it apart"
HUGE: Final = 200_000
"""Characters of a policy beyond which only its shape and its size are looked at: no quota is near that."""
MOST_DOCUMENTS: Final = 1_500
"""Policies of a template or plan that are looked at, which takes a few seconds: CloudFormation takes 500 resources."""


def lint_document(
    value: Any,
    file: str = "policy",
    *,
    kind: str | None = None,
    locate: Locate | None = None,
) -> tuple[Finding, ...]:
    """Lint a policy document or a template, given as JSON reads it.

    Every finding is at `file` without a line, or where `locate` says that the path of a part is; they are sorted by
    place. A value that JSON cannot have is one finding of R001. `kind` is one of `project.policy_kinds.KINDS`; by
    default the document tells.
    """
    wrong = _no_json(value)
    if wrong is not None:
        return (unreadable(RemitError(f"{file} {wrong}"), file),)
    text = "" if locate is None else file  # a source with text has origins
    source = ParsedFile(file, text, value, locate or (lambda _: Origin(file)))
    return ordered(suppress(_of_source(source, kind), {}, {}))


def _no_json(value: Any) -> str | None:
    """The end of a sentence: that a value has a key that is no string, or nests too deep; None: it does neither."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH):
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                wrong_keys = [key for key in part if not isinstance(key, str)]
                if wrong_keys:
                    return f"has a key that is not a string: {wrong_keys[0]!r}"
                below += part.values()
            elif not only_texts(part):
                below += part
        level = [child for child in below if isinstance(child, (dict, list))]
        if not level:
            return None
    return f"nests deeper than {DEPTH}, or contains itself"


def lint_bytes(content: bytes, file: str, *, kind: str | None = None) -> tuple[Finding, ...]:
    """Lint a file's content, a policy or a template, JSON or YAML: findings by place, but those that a comment accepts.

    What cannot be read at all, or is neither of the two, is one finding of R001; nothing is raised. `kind` is one of
    `project.policy_kinds.KINDS`; by default the document tells.
    """
    try:
        source = read_on(content, file, most=LARGEST)
    except RemitError as error:
        return (_unread(error, file),)
    if not _is_meant(source.value):
        neither = RemitError(
            f"{file} holds neither a policy document nor a template",
            hint="a policy has Statement, a template Resources; `terraform show -json PLAN` prints a plan",
            origin=source.locate(()),
        )
        return (unreadable(neither, file),)
    problems = _of_file(source, kind)
    if len(content) > LARGEST_DOCUMENT:  # what in it is too long has a place of its own
        return (unreadable(too_large(len(content), file), file), *problems)
    return problems


def _unread(error: RemitError, file: str) -> Finding:
    """Return the finding of an unreadable file: a mistake of its author's, or the input of a tool."""
    if not isinstance(error, NotFilledInError):
        return unreadable(error, file)
    problem = Problem(error.message, error.hint, severity=WARNING)
    return finding(rule_registry.rule("R143"), problem, lambda _: error.origin or Origin(file), None)


_SIGN: Final = re.compile(rb"\bAWSTemplateFormatVersion\b|\bAWS::[A-Z]|\b(Statement|Effect|Action)['\"]?\s*:")
"""What tells that a file which cannot be read was meant to be a policy or a template."""


def lint_found(content: bytes, file: str, *, kind: str | None = None) -> tuple[Finding, ...] | None:
    """Lint a file that nobody named; None where it holds neither a policy nor a template.

    None also for one that cannot be read or is very large, unless a word of policies or templates stands in it.
    """
    has_sign = _SIGN.search(content) is not None
    if len(content) > LARGEST_DOCUMENT and not has_sign:
        return None
    try:
        source = read_on(content, file, most=LARGEST)
    except RemitError as error:
        return (_unread(error, file),) if has_sign else None
    # `{}` and a version alone are in many files.
    is_bare = isinstance(source.value, dict) and {"Version", "Id"} >= source.value.keys()
    if is_bare or _is_other_list(source.value):
        return None
    return _of_file(source, kind) if _is_meant(source.value) else None


def _is_other_list(value: Any) -> bool:
    """Return whether a value lists other things than resources and policies, as files of CodeDeploy and scanners do."""
    if isinstance(value, list):
        return not any(isinstance(part, dict) and ("Effect" in part or "Statement" in part) for part in value)
    is_list = isinstance(value, dict) and isinstance(value.get("Resources"), list)
    return is_list and "AWSTemplateFormatVersion" not in value


def _is_meant(value: Any) -> bool:
    """Return whether a file's value is a template, a plan or a policy (in a response of AWS's, too), right or wrong."""
    return is_template(value) or is_plan(value) or is_policy(_policy_in(value)[0])


def _of_file(source: ParsedFile, kind: str | None) -> tuple[Finding, ...]:
    """The findings of a file, each once, by place, but those that a comment accepts, as YAML may have."""
    comments = {} if source.text.lstrip().startswith(("{", "[")) else {source.file: source.text}
    return ordered(suppress(dict.fromkeys(_of_source(source, kind)), comments, {}))


def accept(findings: Iterable[Finding], allow: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings that `allow`, reasons by rule, does not accept; then one of R002 for each unused reason.

    R001 (what cannot be read), R002 and R003 (comments that accept) cannot be accepted. RemitError (2): `allow` names a
    rule that does not exist.
    """
    reasons = {rule_registry.rule(name).code: because for name, because in allow.items()}
    broken_rules = set()
    unaccepted = []
    for problem in findings:
        broken_rules.add(problem.rule)
        if problem.rule in _FIRM or problem.rule not in reasons:
            unaccepted.append(problem)
    unused = {code: (because, None) for code, because in reasons.items() if code not in broken_rules}
    return (*unaccepted, *suppress((), {}, unused))


def _of_source(source: ParsedFile, kind: str | None) -> Iterator[Finding]:
    """Yield the findings of a file.

    Mistakes of its form come first, slips of YAML next, then the plan, template or policy.
    """
    for mistake in source.mistakes:
        yield unreadable(mistake, source.file)
    for slip in source.slips:
        yield from _of_slip(slip, source.locate(slip.path))
    if is_plan(source.value):
        yield from _of_plan(source)
    else:
        yield from _of_template(source) if is_template(source.value) else _of_policy(source, kind)


def _of_plan(source: ParsedFile) -> Iterator[Finding]:
    """Lint the policies of a plan, with the address of their resource: plans are written in one line.

    A plan that cannot be read is a finding, and so is the point where too many documents end the look.
    """
    from remit.lint import plans  # noqa: PLC0415 - few files are plans

    try:
        planned_resources = plans.resources(source.value, source.locate)
    except RemitError as error:
        yield unreadable(error, source.file)
        return
    tools: set[str] = set()
    documents_left = MOST_DOCUMENTS
    for number, resource in enumerate(planned_resources):
        for environment in plans.environments(resource, source.locate):
            yield from findings(rule_registry.hooks("environment"), environment, environment.locate)
        for document in plans.documents(resource, source.locate):
            if documents_left == 0:
                yield _stopped_at(document, source, number, len(planned_resources))
                return
            documents_left -= 1
            for problem in of_document(document):
                yield replace(problem, message=f"{resource.address}: {problem.message}")
            yield from _of_tools(document, tools)


def _of_template(source: ParsedFile) -> Iterator[Finding]:
    """The findings about a CloudFormation or SAM template, its environments and its first `MOST_DOCUMENTS` policies."""
    template = written_template(source.value, source.locate, len(source.text.encode()))
    if source.languages:
        template = replace(template, exact=False, unread=True, late=True)
    yield from findings(rule_registry.hooks("template"), template, template.locate, counts=Counter())
    for environment in templates.environments(template):
        yield from findings(rule_registry.hooks("environment"), environment, environment.locate)
    tools = set(source.languages)
    for number, document in enumerate(templates.documents(template)):
        if number == MOST_DOCUMENTS:
            resources = list(template.resources)
            place = resources.index(document.title) if document.title in resources else len(resources)
            yield _stopped_at(document, source, place, len(resources))
            return
        yield from of_document(document)
        yield from _of_tools(document, tools)


def _of_slip(slip: Slip, origin: Origin | None) -> Iterator[Finding]:
    yield from findings(rule_registry.hooks("slip"), slip, lambda _: origin)


def _of_tools(document: PolicyDocument, tools: set[str]) -> Iterator[Finding]:
    """Yield a finding for each tool that fills in places of a policy and is not in `tools`, and add it there."""
    for place in document.unfilled:
        if place.tool and place.tool not in tools:
            tools.add(place.tool)
            yield from _of_slip(Slip(LANGUAGE, place.tool, place.spot, place.marker), document.locate(place.spot))


def _of_policy(source: ParsedFile, kind: str | None) -> Iterator[Finding]:
    """The findings about a file that is one policy; without a `kind` its statements tell of which it is."""
    value, path = _policy_in(source.value)
    likely_kind = _kind(value, source.file)
    kind_of_rules = CONTROL if kind in ("scp", "rcp") else kind or likely_kind
    document = PolicyDocument(kind_of_rules, below(source.locate, path), value, sure=kind is not None)
    document = with_statements(document, located=bool(source.text))
    if is_stack_policy(value):
        for written in document.written:
            yield from findings(rule_registry.hooks("stack_policy"), written, written.locate)
        return
    huge = len(source.text) > HUGE
    if huge:
        # A clean answer would claim more than was done.
        size = f"this policy has {len(source.text):,} characters"
        message = f"{size}: of more than {HUGE:,}, only its shape and its size are looked at"
        yield unreadable(RemitError(message, hint=_TAKE_APART, origin=source.locate(())), source.file)
    yield from of_document(document, huge=huge)
    yield from _of_tools(document, set(source.languages))


def _stopped_at(document: PolicyDocument, source: ParsedFile, position: int, count: int) -> Finding:
    """The finding that of a template's or plan's `count` resources only the first `position` are looked at."""
    message = (
        f"the policies of its first {position:,} resources are looked at, and not of the other {count - position:,}"
    )
    error = RemitError(message, hint=_TAKE_APART, origin=document.locate(()))
    return unreadable(error, source.file)


def _policy_in(value: Any) -> tuple[Any, tuple[str, ...]]:
    """The policy inside of a response, as of `aws iam get-policy-version`, and its path; else the value and ()."""
    path: tuple[str, ...] = ()
    for name in ("PolicyVersion", "Document", "PolicyDocument", "policyDocument"):
        if isinstance(value, dict) and "Statement" not in value and isinstance(value.get(name), dict):
            value, path = value[name], (*path, name)
    return value, path


def _kind(value: Any, file: str) -> str:
    """The kind of a policy: trust when every action assumes a role, resource when there is a principal, else identity.

    A service control policy looks like an identity's: its file's name or folder tells which it is.
    """
    statements = raw_statements(value)
    with_principal = [statement for statement in statements if has_principal(statement)]
    if not with_principal:
        near_names = "/".join(file.split("/")[-3:])
        return CONTROL if re.search(_OF_SCPS, near_names, re.IGNORECASE) else IDENTITY
    if all(map(_only_assumes, statements)) and not any(map(_is_of_organisation, statements)):
        return TRUST
    anywhere = all(statement.get("Resource") in ("*", None) for statement in statements)
    return IDENTITY if not anywhere and len(with_principal) < len(statements) else RESOURCE


_OF_SCPS: Final = r"(?<![a-z0-9])(scps?|service[-_ ]?control[-_ ]?polic(y|ies))(?![a-z0-9])"


def _is_of_organisation(statement: Mapping[str, Any]) -> bool:
    """Tell whether a statement denies everyone something on some resource: so resource control policies are written."""
    is_about_everyone = statement.get("Principal") in ("*", {"AWS": "*"})
    return statement.get("Effect") == "Deny" and is_about_everyone and "Resource" in statement


def _only_assumes(statement: Mapping[str, Any]) -> bool:
    """Return whether all actions of a statement, at least one, assume a role, or name and tag the session."""
    actions = statement.get("Action", "")
    listed = actions if isinstance(actions, list) else [actions]
    return all(isinstance(text, str) and text.lower().startswith(_ASSUMING) for text in listed)
