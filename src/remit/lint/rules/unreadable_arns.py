"""Resources that are no ARN, and characters and values that were not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from remit.catalogue.action_resources import KIND_ARNS
from remit.catalogue.actions import action as action_named
from remit.catalogue.arns import fill
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.partitions import is_region, partition
from remit.catalogue.types import REF, resource_type
from remit.did_you_mean import nearest
from remit.lint import arn_parts
from remit.lint.finding import ERROR, WARNING, Problem, Spot, rule
from remit.lint.plain_text import is_plain
from remit.lint.resource_types import acts_on, has_arns
from remit.lint.rule_inputs import RESOURCE, ParsedStatement

_PARTS = 6
_NAME = "Name"
"""How attributes end that are names: QueueName."""
_ACCOUNT = r"\d{12}"
_OF_BUCKET = r"^([a-z0-9][a-z0-9.-]+)\.s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?(?=/|$)"
_PSEUDO = r"\$\{AWS::(?:AccountId|Partition|Region)\}"
_BEGUN = r"([A-Za-z]{2,4})[:.;,/]+(?:(aws[a-z-]*|arn)[:.;,/]+)?(?=[a-z])"
_UNPARTED = r"(arn:[^:]*:[^:]*:[^:]*:\d{12})/(.+)"
_QUEUE = (
    r"https?://(?:sqs\.)?(?P<region>[a-z0-9-]+)(?:\.queue)?\.amazonaws\.com(?P<china>\.cn)?/(?P<rest>\d{12}/[^/\s]+)"
)
_REFERRED = r"\$\{(?!AWS::)[^{}]+\}"
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


@rule("R121", ERROR, looks_at="statement")
def not_an_arn(item: ParsedStatement) -> Iterator[Problem]:
    """A Resource is neither an ARN nor `*`.

    IAM refuses the document. An ARN has six parts: arn:partition:service:region:account:resource. Where the last ones are
    left out, IAM puts `*` for each: a warning, since `arn:aws:sqs` means every queue of every account. An ARN with another
    inside, several in one text, and white space after one are flagged, too.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Amazon Resource Names (ARNs)" (AWS General Reference); "IAM identifiers" (IAM User Guide): incomplete ARNs.
    """
    for text, shape in zip(item.resources, item.shapes, strict=True):
        if shape.find("arn:", 4) > 0 and arn_parts.holds_another(shape):
            yield Problem(*_doubled(text), (item.resource_element, text))
            continue
        if (text.find("arn:", 4) > 0 or text[-1:].isspace()) and (problem := _untidy(text)) is not None:
            yield Problem(*problem, (item.resource_element, text))
            continue
        # A reference to the ARN of a resource is one.
        parsed = parse_arn(shape if text.startswith("${") else text)
        if text == "*" or (parsed is not None and parsed.resource):
            continue
        if (problem := _referred(text, item)) is not None:
            yield Problem(*problem, (item.resource_element, text))
            continue
        if _late(text) or (item.document.kind == RESOURCE and not text.startswith("arn:")):
            continue  # API Gateway and others take the end of an ARN in their resource policies
        if (full_arn := _whole(text)) is not None:
            message = f"'{text}' leaves out parts of an ARN, and IAM puts * for each: it means '{full_arn}'"
            yield Problem(message, "write it whole, or narrower", (item.resource_element, text), WARNING)
            continue
        yield Problem(*_mistake_and_hint(text, item), (item.resource_element, text))


def _whole(text: str) -> str | None:
    """Return IAM's reading of an ARN whose last parts are left out: with `*` for each. None: it is no such ARN."""
    head, *parts = re.sub(_PSEUDO, "*", text).split(":")
    if head != "arn" or not 2 <= len(parts) < _PARTS - 1 or partition(parts[0].replace("*", "aws")) is None:  # noqa: PLR2004 - a partition and a service
        return None
    if not is_plain(parts[1]) or not has_arns(parts[1]):
        return None
    region, account = (*parts[2:], "", "")[:2]
    is_region_or_open = region in ("", "*") or is_region(region)
    is_account_or_open = account in ("", "*") or re.fullmatch(_ACCOUNT, account) is not None
    missing = _PARTS - 1 - len(parts)
    return text + ":*" * missing if is_region_or_open and is_account_or_open else None


def _referred(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    """A Ref or an attribute of the template where only the ARN will do: what is wrong, and what to write.

    None: it gives an ARN, or the resource's type is not known.
    """
    reference = _REFERENCE.match(text)
    kind = resource_type(item.document.types.get(reference[1], "")) if reference is not None else None
    if reference is None or kind is None or not kind.arn_from:
        return None
    if reference[2] is not None and reference[2] not in kind.arn_from and reference[2].endswith(_NAME):
        gives = f"{reference[2]} of {reference[1]} is its name"
    elif reference[2] is None and kind.ref in ("name", "url"):
        name = "name" if kind.has_name_as_ref else "id"
        gives = f"Ref of {reference[1]} gives its {'URL' if kind.ref == 'url' else name}"
    else:
        return None
    message = f"{gives}, and only an ARN, or '*', may stand here: IAM refuses it"
    if item.document.raw is None:
        return message, "write its `.arn`"
    suffix = text.removeprefix(reference[0])
    if kind.arn_from[0] == REF:
        return message, f'!Sub "${{{reference[1]}}}{suffix}"' if suffix else f"!Ref {reference[1]}"
    attribute = f"{reference[1]}.{kind.arn_from[0]}"
    return message, f'!Sub "${{{attribute}}}{suffix}"' if suffix else f"!GetAtt {attribute}"


def _doubled(text: str) -> tuple[str, str]:
    """The problem of an ARN with another one inside, and a hint at the inner one."""
    inner = text.rfind("arn:")
    reference = re.search(_REFERRED, text) if inner == 0 else None
    meant = text[reference.start() if reference is not None else inner :]
    return f"'{text}' is an ARN with another inside: nothing matches", f"did you mean '{meant}'?"


def _untidy(text: str) -> tuple[str, str] | None:
    """Several ARNs in one text, or white space after one: what is wrong, and what to write. None: neither."""
    if not text.startswith("arn:"):
        return None
    parts = [part for part in re.split(r"[\s,;|]+(?=arn:|$)", text) if part]
    if len(parts) > 1 and all(parse_arn(part) is not None for part in parts):
        listed = ", ".join(f'"{part}"' for part in parts)
        return f"'{text}' holds {len(parts)} ARNs in one string: nothing matches", f"write a list: [{listed}]"
    if text[-1].isspace():
        return f"{text!r} ends in white space: nothing that is so named is meant", f"did you mean '{text.strip()}'?"
    return None


def _late(text: str) -> bool:
    """Return whether the beginning of a text is known at deploy time only, so that it may be an ARN.

    A pseudo parameter in an ARN is one of its parts, whatever it is.
    """
    if not text.startswith("arn:"):
        return text.startswith("${")
    return "${" in re.sub(_PSEUDO, "", text.rpartition(":")[0])


def _mistake_and_hint(text: str, item: ParsedStatement) -> tuple[str, str]:
    """A sentence on what a text is in the place of an ARN, and the ARN that was meant, as a hint."""
    parsed = parse_arn(text)
    if parsed is not None:
        return f"'{text}' names no resource: it ends after the account", f"name it, or write {text}*"
    if text.startswith("arn:"):
        parts = len(text.split(":"))
        full = _completed(text, item)
        message = f"'{text}' is not an ARN: it has {parts} of {_PARTS} parts"
        return message, f"did you mean '{full}'?" if full else "arn:partition:service:region:account:resource"
    full = _begun(text)
    if full is not None:
        hint = f"did you mean '{full}'?" if parse_arn(full) else "arn:partition:service:region:account:resource"
        return f"'{text}' is not an ARN: it does not begin with 'arn:'", hint
    if (queue := re.fullmatch(_QUEUE, text)) is not None:
        arn = f"arn:{'aws-cn' if queue['china'] else 'aws'}:sqs:{queue['region']}:{queue['rest'].replace('/', ':')}"
        return f"'{text}' is a queue's URL, and only its ARN, or '*', may stand here", f"did you mean '{arn}'?"
    bare = re.sub(_OF_BUCKET, r"\1", re.sub(r"^(?:s3://|https?://(?:s3[.-][a-z0-9.-]+/)?)", "", text.strip()))
    late = item.document.raw is None
    values = {
        "Partition": "{aws.partition}" if late else "aws",
        "Region": "{aws.region}" if late else "*",
        "Account": "{aws.account}" if late else "*",
    }
    guess: str | None = bare
    if not bare.startswith("arn:"):
        guess = _of_types(bare, item, values, None) or _of_types(f"{bare.removesuffix('/')}/*", item, values, None)
    message = f"'{text}' is not an ARN, and only '*' may stand in its place"
    return (
        message,
        f"did you mean '{guess}'?" if guess else "an ARN reads arn:partition:service:region:account:resource",
    )


def _begun(text: str) -> str | None:
    """The ARN whose beginning is misspelt: `anr:aws:`, `arn.aws.`, `aws:arn:`; None where none begins."""
    beginning = re.match(_BEGUN, text)
    first_word, second_word = (beginning[1].lower(), beginning[2] or "") if beginning is not None else ("", "")
    if (
        beginning is not None
        and second_word
        and (first_word, second_word) != ("aws", "aws")
        and nearest(first_word, ["arn", "aws"])
    ):
        return f"arn:{second_word if first_word != 'aws' else 'aws'}:{text[beginning.end() :]}"
    return f"arn:{text}" if re.match(r"arn[^:]|aws:", text) else None


def _completed(text: str, item: ParsedStatement) -> str | None:
    """The ARN with the parts that were left out: region and account, or the colon after that. None: none fits."""
    if (unparted := re.fullmatch(_UNPARTED, text)) is not None:
        return f"{unparted[1]}:{unparted[2]}"
    head, _, resource = text.rpartition(":")
    parts = head.split(":")
    if len(parts) > 1 and partition(parts[1]) is None and has_arns(parts[1].lower()):
        full = f"arn:aws:{text.removeprefix('arn:')}"
        return full if parse_arn(full) is not None else None
    if len(parts) not in (3, 4):
        return None
    values = {"Partition": parts[1], "Region": "*", "Account": "*"}
    values |= {"Account" if part.isdigit() else "Region": part for part in parts[3:] if part}
    return _of_types(resource, item, values, parts[2])


def _of_types(resource: str, item: ParsedStatement, values: dict[str, str], service: str | None) -> str | None:
    """An ARN that ends in `resource`, by the first format of the statement's resource types that it fits.

    None: it fits none.
    """
    for name in sorted(item.known_actions)[:200]:
        action = action_named(name)
        for target in action.targets if action else ():
            for format_ in target.type.arns:
                full = fill(format_, values, otherwise="\0")
                head, _, tail = full.rpartition(":")
                pattern = re.escape(tail).replace("\0", ".+")
                if re.fullmatch(pattern, resource) and (service is None or f":{service}:" in head):
                    return f"{head}:{resource}"
    return None


_FOREIGN = re.compile(r"[^\t\n\r\x20-\xff]")


@rule("R130", ERROR, looks_at="statement", needs=r"[^\x00-\x7f]|\\[ubf]")
def foreign_character(item: ParsedStatement) -> Iterator[Problem]:
    """A character that IAM does not accept.

    Policies may hold tabs, line ends and U+0020 to U+00FF; anything else is refused (MalformedPolicyDocument).

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::日本/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nihon/*"}

    Source: "PutRolePolicy", parameter PolicyDocument (IAM API Reference).
    """
    texts: list[tuple[Spot, str]] = [((item.action_element, text), text) for text in item.statement.actions.patterns]
    texts += item.texts
    texts += [(condition.path, condition.key) for condition in item.statement.conditions]
    for spot, text in texts:
        if not (text.isascii() and text.isprintable()) and (foreign := _FOREIGN.search(text)) is not None:
            import unicodedata  # noqa: PLC0415 - large, and most texts are plain

            sign = foreign.group()
            name = unicodedata.name(sign, "").lower()
            called = f"U+{ord(sign):04X}" + (f", {name}" if name else "")
            message = (
                f"{sign!r} ({called}) at character {foreign.start() + 1} of '{text}': IAM accepts U+0020 to U+00FF only"
            )
            yield Problem(message, "use * in its place, or another name", spot)


_UNSET = r"(?:(?<=[:/])|^)(None|null|undefined|NaN)(?=[:/]|$)"
_NAMELESS = frozenset({
    "function:", "key/", "log-group:", "parameter/", "repository/", "role/", "secret:", "stateMachine:", "stream/",
    "table/",
})  # fmt: skip


@rule("R136", ERROR, looks_at="statement", needs=r'None|null|undefined|NaN|:::/|/"|\w:"')
def unset_value(item: ParsedStatement) -> Iterator[Problem]:
    """A resource is named by a value that was not set: `table/None`, `table/`.

    Somewhere a variable gave None, or an empty text, and it was put into the ARN, which names nothing now. `None` is a
    warning, but for a bucket: a table may be called so.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/None"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
    """
    for text in item.resources:
        arn = parse_arn(text)
        if arn is None:
            continue
        spot = (item.resource_element, text)
        unset = re.search(_UNSET, arn.resource)
        # What lists things is asked on an ARN without a name.
        listing = [name for name in item.statement.actions.patterns if arn.resource in _NAMELESS and name in KIND_ARNS]
        lists = any(acts_on(name, text) for name in listing)
        if unset is not None:
            message = f"the resource of '{text}' is named '{unset[1]}': an unset value was put in"
            # A table may be called None, but no bucket has capitals.
            severity = ERROR if arn.service == "s3" and arn.resource.startswith("N") else WARNING
            yield Problem(message, "set the variable, or write the name", spot, severity)
        elif (arn.resource in _NAMELESS and not lists) or (arn.service == "s3" and arn.resource.startswith("/")):
            message = f"'{text}' leaves out the name: an empty value was put in, and nothing matches"
            yield Problem(message, "set the variable, or write the name; * stands for every one", spot)
