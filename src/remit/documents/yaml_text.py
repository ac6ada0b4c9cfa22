"""Strict YAML for templates: text to value, with the place of every part, and CloudFormation's short forms spelled out.

Refused at line and column: tags that would build objects, keys of a policy that stand twice, more than one document,
nesting deeper than `DEPTH`, aliases that expand beyond `MOST` parts. Nothing is ever executed. Dates stay text, as
CloudFormation reads them; dates and octal numbers are noticed (`Slip`), since other readers take them otherwise, and so
are other keys that stand twice, of which CloudFormation takes the last.

Sources: YAML 1.1; "CloudFormation template formats" (CloudFormation User Guide) for what it does not support.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

from remit.did_you_mean import nearest
from remit.documents.foreign_text import is_unfilled, unfilled
from remit.documents.json_text import DEPTH, Path
from remit.documents.slips import REPEATED_KEY, Slip
from remit.errors import Origin, RemitError
from remit.iam import tokens

LARGEST: Final = 2_000_000
"""Characters that are read, in twenty times the time of JSON; a template in S3 has at most 1,048,576 bytes."""
MOST: Final = 200_000
"""Parts of a document, aliases expanded; a template of a megabyte has fewer."""
_SHORT: Final = {
    **{name.removeprefix("Fn::"): name for name in (*tokens.FUNCTIONS, *tokens.RULE_FUNCTIONS)},
    "Ref": "Ref",
    "Condition": "Condition",
}
"""The functions, by the tag that stands for each."""
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_UNKNOWN: Final = "unknown"
"""What stands for the function of a tag that CloudFormation does not have."""
_OCTAL: Final = re.compile(r"0[0-7]+")
_TWO_TAGS: Final = re.compile(r"(?<!\S)![A-Za-z]+ +![A-Za-z]")
_SPACE: Final = re.compile(r"\s+")


def read_yaml(
    text: str, file: str, *, mistakes: list[RemitError] | None = None
) -> tuple[Any, dict[Path, Origin], tuple[Slip, ...]]:
    """One document: its value, the place of each part by its path, and what was noticed. RemitError (2) at the line.

    A key of a policy that stands twice and an unknown tag are added to `mistakes`, if that is given: the last value of
    the key counts, and nothing is known of the tag's. So is it added that a text is too long to be read to its end.
    """
    import yaml  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - needed for YAML alone

    if mistakes is not None:
        text = _beginning(text, file, mistakes)
    if len(text) > LARGEST:
        raise RemitError(f"{file} has {len(text):,} characters: no template is so large", origin=Origin(file))
    reader = _Reader(text, file, yaml, mistakes)
    try:
        return reader.document()
    except yaml.YAMLError as error:
        raise _syntax(error, file, text) from None


_ENTRY: Final = re.compile(r"^ {0,2}[\w'\"-]", re.MULTILINE)
"""Where a resource of a template, or a statement of a policy, may begin."""


def _beginning(text: str, file: str, mistakes: list[RemitError]) -> str:
    """As much of a YAML text as is read, to the end of a resource; an error added to `mistakes` says how far that is.

    All of it, without an error, if it is not longer than `LARGEST`, or if no resource ends in the last tenth of that.
    """
    if len(text) <= LARGEST:
        return text
    ends = [entry.start() for entry in _ENTRY.finditer(text, LARGEST * 9 // 10, LARGEST)]
    if not ends:
        return text
    beginning = text[: ends[-1]]
    read_lines, lines = beginning.count("\n"), text.count("\n")
    message = f"{file} has {len(text):,} characters: its first {read_lines:,} lines of {lines:,} are looked at"
    hint = "no quota of AWS is near that: take it apart"
    mistakes.append(RemitError(message, hint=hint, origin=Origin(file, read_lines + 1, 1)))
    return beginning


def _syntax(error: Exception, file: str, text: str) -> RemitError:
    """A mistake of syntax that a parser raised, at its line and column as far as that tells them."""
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None or (begun is not None and mark.index >= len(text.rstrip())):
        mark = begun or mark  # what never ends is told where it begins
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    origin = Origin(file, mark.line + 1, mark.column + 1) if mark else Origin(file)
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        before = text[:position]
        if getattr(error, "encoding", "") == "?":  # libyaml, which names no encoding, counts the bytes of UTF-8
            before = text.encode()[:position].decode(errors="ignore")
        origin = Origin(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return RemitError(
        f"not valid YAML: {_SPACE.sub(' ', str(problem))}", hint=_advice(str(problem), mark, text), origin=origin
    )


_NAMING: Final = {"*": "an alias", "&": "an anchor"}


def _advice(problem: str, mark: Any, text: str) -> str | None:
    """Advise on signs that mean something in YAML; None where no such sign is the problem."""
    line = text.split("\n")[mark.line] if mark is not None and mark.line < text.count("\n") + 1 else ""
    sign = line[mark.column : mark.column + 1] if line else ""
    if "\\t" in problem or sign == "\t":
        return "YAML does not indent with tabs: use spaces"
    if sign and sign in "@`%":
        return f"put the text that begins with {sign} in quotes"
    before = line[: mark.column + 1].rstrip()[-1:] if line else ""
    if "alphabetic or numeric" in problem and before in _NAMING:
        return f"a {before} begins {_NAMING[before]} in YAML: put it in quotes, '{before}'"
    if _TWO_TAGS.search(line) is not None:
        return "a tag takes no other tag behind it: write the outer function in full, `Fn::GetAZs: !Ref …`"
    if sign == ":" and ": " in line[: mark.column]:
        return "put the text that holds `: ` in quotes"
    return None


class _Reader:
    """One pass over the events of a parser; containers that aliases name are kept by their anchor."""

    def __init__(self, text: str, file: str, yaml: Any, mistakes: list[RemitError] | None) -> None:
        self.file = file
        self.mistakes = mistakes
        self.unknown_tags: set[str] = set()
        self.yaml = yaml
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.resolver = yaml.resolver.Resolver()
        self.anchors: dict[str, tuple[Any, tuple[tuple[Path, Origin], ...]]] = {}
        self.places: dict[Path, Origin] = {}
        self.order: list[Path] = []
        self.slips: list[Slip] = []
        self.parts = 0

    def document(self) -> tuple[Any, dict[Path, Origin], tuple[Slip, ...]]:
        """Read the one document of the text: its value (None where it is empty), the places of its parts, and slips.

        RemitError (2): it holds several, or is not what is read here.
        """
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, self.yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.fail("the file holds more than one YAML document", self.origin(event), "one template per file")
                value = self.value(next(self.events), (), 1)
        return value, self.places, tuple(self.slips)

    def origin(self, event: Any) -> Origin:
        return Origin(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def fail(self, message: str, origin: Origin, hint: str | None = None) -> NoReturn:
        raise RemitError(message, hint=hint, origin=origin)

    def mistake(self, message: str, origin: Origin, hint: str) -> None:
        """Note a mistake that leaves the rest of the text readable. RemitError (2): nobody gathers mistakes."""
        error = RemitError(message, hint=hint, origin=origin)
        if self.mistakes is None:
            raise error
        self.mistakes.append(error)

    def value(self, event: Any, path: Path, depth: int) -> Any:
        """Read the node that begins with this event, and all events up to its end.

        The value of a function's tag is `{function: value}`; that of an unknown tag, `${Placeholder…}`. It notes where
        each part stands, and keeps the value of an anchor for its aliases. RemitError (2), at the line.
        """
        at = self.origin(event)
        start = len(self.order)
        self.put(path, at)
        self.count(1, at)
        if isinstance(event, self.yaml.AliasEvent):
            return self.alias(event.anchor, path, at)
        if depth > DEPTH:
            self.fail(f"the YAML nests deeper than {DEPTH}", at, "flatten it")
        function = self.function(event.tag, at)
        inner = path if function is None else (*path, function)
        if function is not None:
            self.put(inner, at)
        if isinstance(event, self.yaml.ScalarEvent):
            value = self.scalar(event, inner, function)
        elif isinstance(event, self.yaml.SequenceStartEvent):
            value = self.items(inner, depth)
        else:
            value = self.members(inner, depth)
        if function == _UNKNOWN:
            value = unfilled(f"{event.tag} {value}")
        elif function is not None:
            # Only the first dot parts: the attribute of a nested stack is `Outputs.Name`.
            if function == "Fn::GetAtt" and isinstance(value, str):
                value = value.split(".", 1)
            value = {function: value}
        if event.anchor:
            placed = tuple((inner[len(path) :], self.places[inner]) for inner in self.order[start:])
            self.anchors[event.anchor] = (value, placed)
        return value

    def put(self, path: Path, at: Origin) -> None:
        """Note the place of a part, and the order in which parts were read, by which an anchor finds its own."""
        self.places[path] = at
        self.order.append(path)

    def count(self, parts: int, at: Origin) -> None:
        """Count parts of the document. RemitError (2): with them it has more than `MOST`."""
        self.parts += parts
        if self.parts > MOST:
            self.fail(f"the YAML has more than {MOST:,} parts once its aliases are put in", at, "write fewer aliases")

    def alias(self, anchor: str, path: Path, at: Origin) -> Any:
        """The anchor's own value, not a copy, whose parts get places below this path as well.

        RemitError (2): there is no such anchor before it.
        """
        if anchor not in self.anchors:
            self.fail(f"the alias *{anchor} is used inside its own anchor, or before it", at)
        value, places = self.anchors[anchor]
        self.count(len(places), at)
        for below, origin in places:
            self.put((*path, *below), origin)
        return value

    def function(self, tag: str | None, at: Origin) -> str | None:
        """The long form of a tag's short form; None for a plain value, `_UNKNOWN` for an unknown tag.

        An unknown tag is a mistake: once for each tag where mistakes are gathered, else RemitError (2).
        """
        # Behind a lone `!` YAML's libraries read a value as if no tag stood there.
        if tag is None or tag == "!" or tag in _PLAIN_TAGS:
            return None
        if tag.startswith("!") and tag[1:] in _SHORT:
            return _SHORT[tag[1:]]
        if self.mistakes is None or tag not in self.unknown_tags:
            self.unknown_tags.add(tag)
            meant = nearest(tag[1:], _SHORT) if tag.startswith("!") else None
            advice = f"did you mean `!{meant}`?" if meant else "plain YAML and CloudFormation's functions only"
            if "python" in tag:
                advice = "it would run code when it is read; write plain YAML"
            self.mistake(f"the tag {tag.replace(_TAG, '!!')[:80]} is not allowed", at, advice)
        return _UNKNOWN

    def items(self, path: Path, depth: int) -> list[Any]:
        """The sequence up to its end."""
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, self.yaml.SequenceEndEvent):
                break
            items.append(self.value(event, (*path, len(items)), depth + 1))
        return items

    def members(self, path: Path, depth: int) -> dict[str, Any]:
        """The mapping up to its end, where the last value of a repeated name counts.

        Repeated names are judged, and `<<` is merged, once all members are read.
        """
        mapping: dict[str, Any] = {}
        key_places: dict[str, list[Origin]] = {}
        merged: list[tuple[Any, Origin]] = []
        for event in self.events:
            if isinstance(event, self.yaml.MappingEndEvent):
                break
            at = self.origin(event)
            key = self.key(event, at)
            # In quotes it is a key like any other.
            if key == "<<" and not event.style:
                merged.append((self.value(next(self.events), (*path, "<<"), depth + 1), at))
                continue
            key_places.setdefault(key, []).append(at)
            mapping[key] = self.value(next(self.events), (*path, key), depth + 1)
            # A value on later lines, or a condition operator, is reported at its key.
            if self.places[(*path, key)].line > at.line or path[-1:] == ("Condition",):
                self.places[(*path, key)] = at
        for key, places in key_places.items():
            for place in places[1:]:
                self.repeated(key, places[0], place, mapping, path)
        for value, at in merged:
            self.merge(mapping, value, path, at)
        return mapping

    def repeated(self, key: str, first: Origin, at: Origin, mapping: Mapping[str, Any], path: Path) -> None:
        """Note that a key stands twice: as a mistake in a policy, which would lose a statement, else as a slip.

        A policy is told by `Statement` in the path, or by `Statement` or `Effect` among the keys of the mapping.
        """
        if "Statement" in path or not mapping.keys().isdisjoint(("Statement", "Effect")):
            message = f"the key {key!r} stands twice in one mapping, first at {first}"
            self.mistake(message, at, "YAML readers keep only the last one: merge them")
        else:
            self.places[(*path, key)] = at
            self.slips.append(Slip(REPEATED_KEY, key, (*path, key), str(first)))

    def merge(self, mapping: dict[str, Any], value: Any, path: Path, at: Origin) -> None:
        """Take over `<<: *other`: keys that the mapping has itself win. RemitError (2): `other` is no mapping."""
        for index, source in enumerate(value if isinstance(value, list) else [value]):
            if is_unfilled(source):
                continue
            if not isinstance(source, dict):
                self.fail("`<<` takes a mapping, or a list of mappings", at)
            start: Path = (*path, "<<", index) if isinstance(value, list) else (*path, "<<")
            for key in source:
                if key not in mapping:
                    mapping[key] = source[key]
                    self.put((*path, key), self.places.get((*start, key), at))

    def key(self, event: Any, at: Origin) -> str:
        """The text of a key as it is written, also of a number. RemitError (2): it is a mapping, a list or an alias."""
        if not isinstance(event, self.yaml.ScalarEvent):
            self.fail("a key of a mapping must be plain text", at, "put a text that begins with { in quotes")
        return str(event.value)

    def scalar(self, event: Any, path: Path, function: str | None) -> Any:
        """The value of a scalar, which stays text in quotes or behind a function's tag, unless a tag says its type."""
        text: str = event.value
        tag = event.tag if event.tag in _PLAIN_TAGS else None
        if tag is None:
            if function is not None or not event.implicit[0]:
                return text
            tag = self.resolver.resolve(self.yaml.ScalarNode, text, (True, False))
        return self.typed(tag.removeprefix(_TAG), text, path)

    def typed(self, kind: str, text: str, path: Path) -> Any:
        """A text as a value of a YAML 1.1 type; text stays what cannot be converted.

        Dates and octal numbers stay text and are noted as slips. RemitError (2): it is no finite number.
        """
        if kind == "timestamp":
            self.slips.append(Slip("date", text, path))
            return text
        convert = _CONVERT.get(kind)
        if convert is None:
            return text
        if kind == "int" and _OCTAL.fullmatch(text):
            self.slips.append(Slip("octal", text, path))
            return text  # the digits that were meant
        try:
            value = convert(text)
        except (ValueError, OverflowError):
            return text
        if isinstance(value, float) and not math.isfinite(value):
            self.fail(f"{text} is not a number that JSON has", self.places[path], "write a number")
        return value


def _integer(text: str) -> int:
    """The whole number that YAML 1.1 reads. ValueError: it is none, or too long."""
    digits = text.replace("_", "")
    if len(digits) > 300:  # noqa: PLR2004 - int() of more would take quadratic time
        raise ValueError(text)
    # YAML 1.1 would read 1:30 as a number to the base of sixty, which int() refuses.
    return int(digits, 0)


_CONVERT: Final[dict[str, Callable[[str], Any]]] = {
    "int": _integer,
    "float": lambda text: float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")),
    "bool": lambda text: text.lower() in ("yes", "true", "on"),
    "null": lambda _: None,
}
