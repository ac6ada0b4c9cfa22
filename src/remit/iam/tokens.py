"""The `${…}` parts of a policy string: CloudFormation's, which are known at deploy time, and IAM's, at request time.

Inside remit a late-bound string is plain text in the spelling of Fn::Sub: `${AWS::Region}`, `${Queue}` (a Ref),
`${Queue.Arn}` (a Fn::GetAtt), `${{"Fn::ImportValue":"x"}}` (any other intrinsic, as canonical JSON). IAM's own
variables hold one colon or a sign (`${aws:username}`, `${*}`), so the two never meet. A dynamic reference
(`{{resolve:ssm:/orders/bucket}}`) is an intrinsic of ours, `${{"Fn::Resolve":"ssm:/orders/bucket"}}`, and text again in
a template. So is what another tool fills in before AWS reads a file: `${{"Fn::Unfilled":"{{ region }}"}}`.

Sources: "Intrinsic function reference", "Fn::Sub", "Pseudo parameters reference" and "Get values stored in other
services using dynamic references" (CloudFormation User Guide), "IAM policy elements: Variables and tags" (IAM User
Guide).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from remit.did_you_mean import MISSPELT, nearest
from remit.errors import RemitError

PARTITION: Final = "${AWS::Partition}"
REGION: Final = "${AWS::Region}"
ACCOUNT: Final = "${AWS::AccountId}"
PLACE: Final = {"Partition": PARTITION, "Region": REGION, "Account": ACCOUNT}
"""Where a stack is, which only its deploy settles: by the names of the variables in the catalogue's ARN formats."""
FUNCTIONS: Final = frozenset({
    "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Equals", "Fn::FindInMap", "Fn::ForEach", "Fn::GetAZs", "Fn::GetAtt",
    "Fn::GetStackOutput", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::Select",
    "Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform",
})  # fmt: skip
"""CloudFormation's functions, but Ref."""
RULE_FUNCTIONS: Final = frozenset({
    "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Implies", "Fn::RefAll", "Fn::ValueOf",
    "Fn::ValueOfAll",
})  # fmt: skip
"""Those of the section Rules alone: "Rule functions" (CloudFormation), and what AWS's language server knows besides."""
SECTIONS: Final = {"Fn::FindInMap": "Mappings", "Fn::If": "Conditions"}
"""Functions, and the section of a template that each looks into."""
PSEUDO: Final = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
"""The pseudo parameters, which every template can refer to."""
REFERENCE: Final = re.compile(r"\$\{(AWS::[A-Za-z]+|[A-Za-z0-9]+(?:/[A-Za-z0-9]+)*(?:\.[A-Za-z0-9_.-]+)?)\}")
_RAW: Final = "${{"
_RESOLVE: Final = "Fn::Resolve"
UNFILLED: Final = "Fn::Unfilled"
"""A place that another tool fills in; a request that leaves this open leaves all of them open."""
_RESOLVED: Final = re.compile(r'\$\{\{"Fn::Resolve":"([^"\\]*)"\}\}')
_DYNAMIC: Final = re.compile(r'\{\{resolve:((?:[^{}"\\]|\$\{[^{}]*\})+)\}\}')
_START: Final = re.compile(r"\$\{\{|" + REFERENCE.pattern)
_PLAIN: Final = re.compile(r"[A-Za-z_$/*][^\s\"'\[\],#]*")
"""What YAML needs no quotes for, and some more that it does."""
_DECODE: Final = json.JSONDecoder().raw_decode


class Verbatim(dict[str, Any]):
    """A value of a template in which `${…}` is no reference: a state machine's definition has its own names."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something CloudFormation puts in place: the intrinsic function (as a dict of one key) and its text."""

    text: str
    intrinsic: dict[str, Any]

    @property
    def target(self) -> str | None:
        """The logical id, parameter or pseudo parameter that it names; None for any other intrinsic."""
        if "Ref" in self.intrinsic:
            return str(self.intrinsic["Ref"])
        if "Fn::GetAtt" in self.intrinsic:
            return str(self.intrinsic["Fn::GetAtt"][0])
        return None

    @property
    def attribute(self) -> str | None:
        """The attribute of a Fn::GetAtt, else None."""
        return str(self.intrinsic["Fn::GetAtt"][1]) if "Fn::GetAtt" in self.intrinsic else None


@functools.lru_cache(maxsize=16384)
def split(text: str) -> tuple[str | Reference, ...]:
    """The literal stretches of `text` (IAM's variables stay in them) and CloudFormation's references, in order.

    RemitError: a `${{` starts no intrinsic function, or is not closed.

    Kept, since a review of a template asks for the same texts in each way in which its conditions may turn out.
    """
    parts: list[str | Reference] = []
    position = 0
    while position < len(text):
        match = _START.search(text, position)
        if match is None:
            parts.append(text[position:])
            break
        if match.start() > position:
            parts.append(text[position : match.start()])
        if match.group() == _RAW:
            reference, position = _raw_at(text, match.start())
        else:
            reference, position = Reference(match.group(), _named(match.group(1))), match.end()
        parts.append(reference)
    return tuple(parts)


@functools.lru_cache(maxsize=16384)
def references(text: str) -> tuple[Reference, ...]:
    """CloudFormation's references in `text`, in order, repeated ones too. RemitError: as `split`.

    Kept, since each check of a template asks for the same texts.
    """
    return tuple(part for part in split(text) if isinstance(part, Reference)) if "${" in text else ()


def _raw_at(text: str, start: int) -> tuple[Reference, int]:
    """The intrinsic function that begins at a position, and where it ends. RemitError: it is none, or not closed."""
    try:
        intrinsic, end = _DECODE(text, start + 2)
    except (ValueError, RecursionError):
        raise RemitError(f"`{text}` has a `${{{{` that starts no intrinsic function") from None
    if not text.startswith("}", end):
        raise RemitError(f"`{text}` has a `${{{{` that is not closed")
    return Reference(text[start : end + 1], intrinsic), end + 1


def _named(name: str) -> dict[str, Any]:
    """The intrinsic function of a name in `${…}`: Ref, or Fn::GetAtt where it has a dot."""
    if name.startswith("AWS::") or "." not in name:
        return {"Ref": name}
    return {"Fn::GetAtt": name.split(".", 1)}


def pseudo_parameter(name: str) -> str | None:
    """The pseudo parameter that a name means without being it: `AWS:Region`, `aws.region`, `AWS_REGION`, `Region`.

    A slight misspelling is read, too. None: it means none.
    """
    folded = _folded(name)
    by_name = {_folded(parameter): parameter for parameter in PSEUDO}
    by_name |= {_folded(parameter).removeprefix("aws"): parameter for parameter in PSEUDO}
    by_name |= {"account": "AWS::AccountId", "awsaccount": "AWS::AccountId"}
    meant = folded if folded in by_name else nearest(folded, by_name, MISSPELT)
    return None if meant is None else by_name[meant]


def _folded(name: str) -> str:
    """A name without case, and without all that is no letter."""
    return re.sub(r"[^a-z]", "", name.lower())


def plain(value: Any) -> Any:
    """A value with plain strings for those of other classes, as `aws.region` and members of enumerations are.

    Values of the user's pass here once, so that no code of remit's meets the methods of other classes.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        texts = {key: plain(item) for key, item in value.items()}
        return Verbatim(texts) if isinstance(value, Verbatim) else texts
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def with_leaves(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A value of a document with each text, number, intrinsic function and `Verbatim` in it as `leaf` makes it."""
    if isinstance(value, dict) and not is_intrinsic(value) and not isinstance(value, Verbatim):
        return {name: with_leaves(item, leaf) for name, item in value.items()}
    return [with_leaves(item, leaf) for item in value] if isinstance(value, list | tuple) else leaf(value)


def with_dynamic(text: str) -> str:
    """A text of a document with its dynamic references as references."""
    return _DYNAMIC.sub(lambda match: _raw({_RESOLVE: match[1]}), text) if "{{resolve:" in text else text


def is_dynamic(value: object) -> bool:
    """Return whether a value of a document is a dynamic reference and nothing else."""
    return isinstance(value, str) and _DYNAMIC.fullmatch(value) is not None


def unfilled(place: str) -> str:
    """The late-bound text of a place that another tool fills in."""
    return _raw({UNFILLED: place})


def as_written(text: str) -> str:
    """A text with its dynamic references as a template spells them."""
    return _RESOLVED.sub(r"{{resolve:\1}}", text) if _RESOLVE in text else text


def for_people(text: str) -> str:
    """A text with the functions in it as templates spell them: `{!ImportValue x}`, `{!If [IsProd, a, b]}`.

    What only looks like a function stays as it is.
    """
    pieces = []
    position = 0
    while (start := text.find(_RAW, position)) >= 0:
        pieces.append(text[position:start])
        try:
            reference, position = _raw_at(text, start)
        except RemitError:
            pieces.append(_RAW)
            position = start + len(_RAW)
        else:
            pieces.append(_short_form(reference))
    return "".join((*pieces, text[position:]))


def _short_form(reference: Reference) -> str:
    """A reference as `for_people` has it."""
    if _RESOLVE in reference.intrinsic:
        return as_written(reference.text)
    if UNFILLED in reference.intrinsic:
        return str(reference.intrinsic[UNFILLED])
    return f"{{{_flow(reference.intrinsic)}}}" if is_intrinsic(reference.intrinsic) else reference.text


def _flow(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if is_intrinsic(value):
        text = from_intrinsic(value)
        ((function, argument),) = value.items()
        return f"!{function.removeprefix('Fn::')} {_flow(argument)}" if text.startswith(_RAW) else text
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def is_intrinsic(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value of a document is one of CloudFormation's intrinsic functions: a dict of one such key."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (key,) = value
    return isinstance(key, str) and (key == "Ref" or key.startswith("Fn::"))


def textual(value: Any) -> Any:
    """A value of a document as late-bound text: an intrinsic function as its text, any other value as it is."""
    return from_intrinsic(value) if is_intrinsic(value) else value


def text_of(value: Any) -> str:
    """As `textual`, where a document means a text whatever it holds: a number, say."""
    return str(textual(value))


def from_intrinsic(value: dict[str, Any]) -> str:
    """The text of an intrinsic function; Fn::Sub and Fn::Join of plain parts are folded into it.

    One that Fn::Sub has no name for, or that is not well-formed, is `${…}` around its JSON.
    """
    ((key, argument),) = value.items()
    if key == "Ref" and isinstance(argument, str):
        return f"${{{argument}}}"
    if key == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            return f"${{{'.'.join(parts)}}}"
    if key == "Fn::Sub":
        return _from_sub(argument, value)
    if key == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004 - [delimiter, parts]
        delimiter, parts = argument
        if isinstance(delimiter, str) and isinstance(parts, list):
            texts: list[Any] = list(map(textual, parts))
            if all(isinstance(text, str) for text in texts):
                return delimiter.join(texts)
    return _raw(value)


def substitution(argument: Any) -> tuple[str, dict[str, Any]]:
    """The text of a Fn::Sub and its own variables, by its argument; empty where that is none."""
    text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004 - [text, variables]
    return str(text) if isinstance(text, str | int | float) else "", variables if isinstance(variables, dict) else {}


def _from_sub(argument: object, value: dict[str, Any]) -> str:
    """The text of a Fn::Sub (`value`, with that argument), its own variables put in; raw where they are no texts."""
    template, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004 - as above
    if not isinstance(template, str) or not isinstance(variables, dict):
        return _raw(value)
    texts = {name: textual(part) for name, part in variables.items()}
    if not all(isinstance(text, str) for text in texts.values()):
        return _raw(value)
    put = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
    parts = template.split("${!")
    return "${".join(put.sub(lambda match: texts.get(match[1], match[0]), part) for part in parts)


def _raw(value: dict[str, Any]) -> str:
    """The text of an intrinsic function that Fn::Sub has no name for."""
    return f"${{{json.dumps(value, sort_keys=True, separators=(',', ':'))}}}"


def to_intrinsic(text: str) -> str | dict[str, Any]:
    """`text` as a template spells it: a plain string, a single Ref or Fn::GetAtt, or one Fn::Sub.

    In the Fn::Sub, IAM's variables are escaped (`${!aws:username}`), so that CloudFormation leaves them alone. A text
    that is one other intrinsic function becomes that function. RemitError: as `split`.
    """
    if "${" not in text:
        return text
    whole_reference = REFERENCE.fullmatch(text)
    if whole_reference is not None:
        return _named(whole_reference[1])
    return _substituted(text)


def _substituted(text: str) -> str | dict[str, Any]:
    """As `to_intrinsic`, of a text that is more than one reference: an Fn::Sub.

    It has a variable for each function in it. A text without references stays a text, as does one whose references are
    all dynamic (`{{resolve:…}}`).
    """
    parts = list(split(text))
    if not any(isinstance(part, Reference) for part in parts):
        return text
    if len(parts) == 1 and isinstance(parts[0], Reference) and _RESOLVE not in parts[0].intrinsic:
        return parts[0].intrinsic
    if _RESOLVE in text:
        written = as_written(text)
        if not any(isinstance(part, Reference) for part in split(written)):
            return written
    pieces: list[str] = []
    variables: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, str):
            pieces.append(part.replace("${", "${!"))
        elif _RESOLVE in part.intrinsic:
            pieces.append(as_written(part.text))
        elif part.text.startswith(_RAW):
            name = f"Part{len(variables) + 1}"
            variables[name] = part.intrinsic
            pieces.append(f"${{{name}}}")
        else:
            pieces.append(part.text)
    joined = "".join(pieces)
    return {"Fn::Sub": [joined, variables] if variables else joined}
