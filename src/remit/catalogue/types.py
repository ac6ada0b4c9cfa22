"""One row per CloudFormation resource type: what Ref gives, its ARN, its name, what it refers to, who calls it.

A value that is not there is unknown. Compiled from the types' schemas, CDK's specification, IAM's ARN formats and rows
kept by hand (`tools/catalogue_compiler/types.py` says how, `tools/catalogue.py --report` which value came from where).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from remit.catalogue.snapshot import chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.catalogue.properties import Shape

    class DeclaredResource(Protocol):
        """A resource of a template, whatever module read it."""

        @property
        def logical_id(self) -> str:
            """Its name in the template."""

        @property
        def type(self) -> str:
            """Its type."""


RefGives = Literal["arn", "name", "url", "parts", "unknown"]
"""What Ref gives: an ARN, a name or an id, a URL, several properties joined with `|`, or nobody knows."""
TagForm = Literal["list", "propagated list", "map", "specifications", ""]
"""How a property holds tags: a list of Key and Value; such a list that says of each whether instances get it, too; a
map; or specifications, each with a list for one of EC2's types."""
Referent = Literal[
    "bucket", "delivery stream", "event bus", "function", "group", "hosted zone", "instance profile", "key",
    "log group", "queue", "role", "secret", "state machine", "stream", "table", "target", "topic", "user",
]  # fmt: skip
"""What a property holds the name, id or ARN of; a target is any of several kinds."""
CUSTOM: Final = "AWS::CloudFormation::CustomResource"
REF: Final = "Ref"
KEEPS: Final = ("Retain", "RetainExceptOnCreate")
"""The values of DeletionPolicy and UpdateReplacePolicy with which the resource stays in the account."""
_WORDS: Final = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"
_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_MADE_UP: Final = {"Random6": "??????"}
"""Variables of ARNs that AWS makes up, of which the length is known."""
_LONGEST: Final = 255
_SHORTEST: Final = 24
_ENDING: Final = 13  # a hyphen and 12 characters


class ArnFormat(NamedTuple):
    """The shape of a type's ARNs, such as `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.

    It is what IAM is asked for, too, unless `iam` says otherwise.
    """

    text: str
    properties: tuple[tuple[str, str], ...]
    """Pairs: a variable, and the path of the property or attribute that gives it ("": the name, which none gives)."""
    defaults: tuple[tuple[str, str], ...]
    """Pairs: a variable, and its value where no property gives it."""
    otherwise: tuple[tuple[str, str], ...]
    """Pairs: a variable, which the property of its name gives, and the format that holds where it is no default."""
    may_grant: bool
    """Whether the format comes from CDK or is kept by hand; else IAM's was joined by name, which recognises only."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that a resource gives, in order: all but Partition, Region and Account."""
        return tuple(name for name in _VARIABLE.findall(self.text) if name not in ("Partition", "Region", "Account"))

    def variable(self, path: str) -> str | None:
        """The variable that a property gives; None: none, so that its value is not in the ARN."""
        return next((name for name, property_path in self.properties if property_path == path), None)

    def filled(self, values: Mapping[str, str]) -> str:
        """An ARN by the values of its variables, Partition, Region and Account among them; the others are wildcards.

        Where a variable of a format that holds `otherwise` has a value that is not the default, that format is filled.
        """
        defaults = dict(self.defaults)
        form = self.text
        for name, other_form in self.otherwise:
            if values.get(name, defaults.get(name)) != defaults.get(name):
                form = other_form
        variable_values = {**_MADE_UP, **defaults, **values}
        return _VARIABLE.sub(lambda match: variable_values.get(match[1], "*"), form)


class Naming(NamedTuple):
    """How resources of a type are named. Lengths are in characters, None where unknown."""

    property: str
    """The path of the property that gives the name, or ""."""
    is_identity: bool
    """Whether the name cannot be changed and is in the ARN or the identifier; else it is a label."""
    least: int | None
    most: int | None
    pattern: str
    """A regular expression, or ""."""
    generated: tuple[str, ...]
    """The forms of the names that CloudFormation makes, of {stack}, {id} and `*` for what is random, if it does."""
    generated_most: int
    """How long a generated name may be."""
    generated_least: int
    """How much of each part a cut leaves."""
    is_lower: bool
    """Whether the service keeps names in small letters."""
    starts: str
    """What a given name may begin with that the ARN's format has as well: `alias/`."""
    path: str
    """The property of the path that IAM puts before a name, or ""."""

    def generated_names(self, stack: str, logical_id: str) -> tuple[str, ...]:
        """Return CloudFormation's names for a resource that the template does not name; `*` is the random part.

        `Auth/Queue` is the queue of a nested stack.

        Sources: "Name type" (CloudFormation User Guide); `IdentifierUtils` (cloudformation-cli-java-plugin).
        """
        *nested, logical_id = logical_id.split("/")
        for nested_id in nested:
            stack = f"{stack}-{nested_id}-*"
        stack = re.sub("-{2,}", "-*", stack)  # some services take no two hyphens in a row, and get one
        names = []
        for form in self.generated:
            generated_name = form.format(stack=stack, id=logical_id)
            if len(generated_name.removesuffix("-*")) + _ENDING > self.generated_most:
                generated_name = form.format(stack=self._cut(stack), id=self._cut(logical_id))
            names.append(lowered(generated_name) if self.is_lower else generated_name)
        return tuple(names)

    def in_arn(self, name: str, path: str = "") -> str:
        """A given name as it stands in the ARN: as the service keeps it, behind its path (`/teams/`)."""
        stored_name = lowered(name) if self.is_lower else name
        bare = stored_name.removeprefix(self.starts)
        return f"{path.lstrip('/')}{bare.removeprefix('/')}" if path else bare

    def _cut(self, text: str) -> str:
        """A part of a generated name, cut to what is left of it in a name that is too long."""
        return text if len(text) <= self.generated_least else f"{text[: self.generated_least]}*"


class Invoker(NamedTuple):
    """The caller of the functions that a resource of a type names, in the properties that hold functions or targets.

    Either the service does as itself: `principal` needs a permission for `action`, under `source_arn` (`own`: the
    resource's ARN; an ARN's format; or the path of the property that names whose ARN it is; "": none), and sends the
    account if `source_account`. Or it does with the role in the property `role`, which trusts the principal. With both
    a `role` and a `source_arn`, the role counts where the resource gives one.
    """

    principal: str
    action: str = "lambda:InvokeFunction"
    source_arn: str = ""
    source_account: bool = False
    role: str = ""

    @property
    def has_always_a_role(self) -> bool:
        """True if the service never calls as itself."""
        return bool(self.role) and not self.source_arn


class TypeAccess(NamedTuple):
    """The policies that a resource of a type holds; properties are "" where it has none such."""

    policies: Literal["identity", "attached", "resource", "ceiling", ""] = ""
    """Whose policies it holds, if any: those of a role, user or group; of whatever it is attached to; of a resource,
    whose service takes its own actions alone, and asks who may call them; or of whatever it limits, to which it grants
    nothing by itself."""
    quota: str = ""
    """The quota of the size of a policy (`catalogue.quotas`), where it is known."""
    managed: str = ""
    """The property with the ARNs of managed policies, and what else SAM takes there."""
    roles: str = ""
    """Of a policy: the property that names the roles that it is attached to."""


class PropertyCalls(NamedTuple):
    """Actions, or patterns of them, that are called for a resource which gives any of some properties (paths)."""

    actions: tuple[str, ...]
    properties: tuple[str, ...]


class TypeDeployment(NamedTuple):
    """The access that a resource asks of its deployer, beside the actions of its type's handlers."""

    optional_calls: tuple[PropertyCalls, ...] = ()
    """Which of the handlers' actions only some resources need; of an action that several match, the first counts."""
    further_calls: tuple[PropertyCalls, ...] = ()
    """What the service asks for beside the handlers' actions."""
    linked_roles: tuple[str, ...] = ()
    """The services whose service-linked role it may need, or `${Property}` where a property tells the service."""
    passes_to: tuple[str, ...] = ()
    """The services that take the role that it is given; where there are none, those that the role trusts."""
    usually_passes_to: tuple[str, ...] = ()
    """The services that take a role of which nobody knows whom it trusts."""
    api_paths: tuple[str, ...] = ()
    """Of API Gateway's types: the paths in the ARNs of what is called."""
    side_resources: tuple[tuple[str, str], ...] = ()
    """Pairs: a kind of IAM's, and the end of the ARN of what the service makes; {name} is the resource's `Name`."""


class ResourceType(NamedTuple):
    """A type of resource in a template (`Type`), as the CloudFormation Template Reference calls it.

    Properties are paths: `Code.S3Bucket`, `Replicas[].Region`.
    """

    name: str
    identifier: tuple[str, ...]
    """The properties by which CloudFormation knows a resource, and adopts it (resource import)."""
    ref: RefGives
    ref_of: tuple[str, ...]
    """The properties whose value Ref gives."""
    attributes: tuple[str, ...]
    """The names that Fn::GetAtt takes; one that ends in `*` stands for all that begin so."""
    arn_from: tuple[str, ...]
    """The ways to a resource's own ARN, "Ref" or attributes, the canonical one first."""
    arn_ends: tuple[tuple[str, str], ...]
    """Pairs of an attribute and what it puts behind the ARN: `:*` of a log group."""
    arn: ArnFormat | None
    naming: Naming | None
    iam: tuple[str, ...]
    """IAM's resource types of it (`dynamodb:table`, `dynamodb:index`), the main one first."""
    read_only: tuple[str, ...]
    """What exists but cannot be given."""
    create_only: tuple[str, ...]
    """What a resource must be replaced for to change."""
    sometimes_create_only: tuple[str, ...]
    """What it may have to be replaced for to change (`KeySchema` of a table), by the old and the new value."""
    tags: str
    """The path of the property that holds tags (`Tags`, `Replicas[].Tags`), or ""."""
    tags_as: TagForm
    tagged_as: str
    """What specifications of tags call it: `launch-template`; "" for other forms."""
    holds_data: bool
    """Whether data is lost with a resource."""
    stream: str
    """The attribute that has the ARN of its stream, or ""."""
    replicas: str
    """The property that lists other regions which have the resource, too, or ""."""
    references: tuple[tuple[str, Referent], ...]
    """Pairs: a property that holds the name, id or ARN of something (`Targets[].Arn`), and what that is."""
    invokes: Invoker | None
    access: TypeAccess
    properties: tuple[tuple[str, str, str], ...]
    """How its properties bear on access (`type_access.PropertyAccess`)."""
    makes: str
    """Of SAM's types: the type that it becomes; else ""."""
    regions: tuple[str, ...]
    """Empty for types that us-east-1 has; else those that have it."""
    deployment: TypeDeployment
    shape_key: tuple[str, int | str]
    """Where its properties are described: its service, and a number of its shapes, or a word for a plain one."""

    @property
    def shape(self) -> Shape:
        """The allowed shape of its properties."""
        from remit.catalogue.properties import shape  # noqa: PLC0415 - few ask for it

        return shape(*self.shape_key)

    @property
    def is_custom(self) -> bool:
        """True if a function of the user's makes it, so that it may have any attribute."""
        return self.name.startswith("Custom::") or self.name == CUSTOM

    @property
    def called(self) -> str:
        """Its name for people: `log group`, `DB cluster`."""
        words = re.findall(_WORDS, self.name.rpartition("::")[2])
        return " ".join(word if word.isupper() else word.lower() for word in words)

    @property
    def has_name_as_ref(self) -> bool:
        """True if Ref gives the name that the naming property has."""
        return self.ref == "name" and self.naming is not None and self.ref_of == (self.naming.property,)

    @property
    def name_attributes(self) -> tuple[str, ...]:
        """The attributes that give the naming property's value: `Name` does, too, for the `StateMachineName` of one."""
        if self.naming is None:
            return ()
        alike = {"Name", f"{self.name.rpartition('::')[2]}Name"}
        spellings = alike if self.naming.property in alike else {self.naming.property}
        return tuple(sorted(name for name in spellings if self.has_attribute(name)))

    @property
    def is_told_by_name(self) -> bool:
        """True if a resource's ARN is known by its name before the deploy, but for wildcards, and may be granted."""
        if self.arn is None or self.naming is None or not self.naming.is_identity:
            return False
        return self.arn.may_grant and self.arn.variable(self.naming.property) is not None

    @property
    def is_unique_by_name(self) -> bool:
        """True if an account has one resource of a name in a region at most: nothing else stands in the ARN."""
        if self.arn is None or self.arn.otherwise or self.naming is None or not self.is_told_by_name:
            return False
        return self.arn.variables == (self.arn.variable(self.naming.property),)

    def arn_named(self, name: str, place: Mapping[str, str], text_at: Callable[[str], str | None]) -> str | None:
        """The ARN of a resource by its name, where `is_told_by_name`; what is not known of it is a wildcard.

        `name` is as `Naming.in_arn` has it; `place` has Partition, Region and Account; `text_at` gives the text of a
        property by its path, None where there is none.
        """
        if self.arn is None or self.naming is None or not self.is_told_by_name:
            return None
        values = dict(place)
        for variable, path in (*self.arn.properties, *((name, name) for name, _ in self.arn.otherwise)):
            value = text_at(path) if path and path != self.naming.property else None
            if value is not None:
                values[variable] = value.rpartition("/")[2]  # of a cluster or bus by its ARN, the name
        values[str(self.arn.variable(self.naming.property))] = name
        return self.arn.filled(values)

    def arn_end(self, way: str) -> str:
        """The end that a way to the ARN adds: `:*` of a log group's `Arn`; empty for most."""
        return dict(self.arn_ends).get(way, "")

    def has_attribute(self, name: str) -> bool:
        """Return whether Fn::GetAtt takes the name."""
        return name in self.attributes or any(
            name.startswith(attribute[:-1]) for attribute in self.attributes if attribute.endswith("*")
        )

    def holding(self, referent: Referent) -> tuple[str, ...]:
        """The paths of the properties that hold the name, id or ARN of something of a kind."""
        return tuple(path for path, holds in self.references if holds == referent)


_NO_ACCESS: Final = TypeAccess()


def access_of(type_name: str) -> TypeAccess:
    """Return which policies a resource of a type holds; none of a type that nobody knows."""
    kind = resource_type(type_name)
    return _NO_ACCESS if kind is None else kind.access


_NO_DEPLOYMENT: Final = TypeDeployment()


def arn_of(resource: DeclaredResource) -> str | None:
    """The ARN of a resource of a template, as late-bound text; None: neither Ref nor an attribute gives it.

    Of a type that nobody knows, and of a custom resource, it is the attribute `Arn`.
    """
    kind = resource_type(resource.type)
    if kind is None or kind.is_custom:
        return late_bound(resource.logical_id, "Arn")
    return late_bound(resource.logical_id, kind.arn_from[0]) if kind.arn_from else None


def arns_of(resource: DeclaredResource) -> tuple[str, ...]:
    """Every late-bound text that gives the ARN of a resource, the canonical one first."""
    kind = resource_type(resource.type)
    ways = ("Arn",) if kind is None or kind.is_custom else kind.arn_from
    return tuple(late_bound(resource.logical_id, way) for way in ways)


def deployment_of(type_name: str) -> TypeDeployment:
    """Return the access that a resource of a type asks of its deployer; none of a type that nobody knows."""
    kind = resource_type(type_name)
    return _NO_DEPLOYMENT if kind is None else kind.deployment


def lowered(name: str) -> str:
    """A name in small letters, as its service keeps it; late-bound parts stay as they are."""
    return "".join(character if depth else character.lower() for character, depth in with_depths(name))


def with_depths(text: str) -> Iterator[tuple[str, int]]:
    """Each character of a text with the number of open braces around it, counted from those that `${` opens."""
    depth, before = 0, ""
    for character in text:
        if character == "{" and (depth or before == "$"):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        yield character, depth
        before = character


def holds_data(type_name: str) -> bool:
    """Return whether data that no template gives is lost with a resource of a type."""
    kind = resource_type(type_name)
    return kind is not None and kind.holds_data


def late_bound(logical_id: str, way: str) -> str:
    """The text that stands for Ref (`${Queue}`) or an attribute (`${Queue.Arn}`) until the deploy."""
    return f"${{{logical_id}}}" if way == REF else f"${{{logical_id}.{way}}}"


@lru_cache(maxsize=4096)
def resource_type(name: str) -> ResourceType | None:
    """A type by its exact name; any `Custom::…` is a custom resource. None: there is no such type."""
    type_name = CUSTOM if name.startswith("Custom::") else name
    service = "::".join(type_name.split("::")[:2])
    rows = chunk("types", service)
    row = None if rows is None else rows.get(type_name)
    if row is None:
        return None
    # The compiler leaves out what is usual: each default here is what it leaves out.
    arn, naming, deployment = None, None, _NO_DEPLOYMENT
    if "n" in row:
        arn = ArnFormat(
            text=row["n"],
            properties=tuple(row.get("no", {}).items()),
            defaults=tuple(row.get("nd", {}).items()),
            otherwise=tuple(row.get("ne", {}).items()),
            may_grant=row.get("ni") == "granted",
        )
    if "m" in row or "g" in row:
        naming = Naming(
            property=row.get("m", ""),
            is_identity=row.get("mi") != "label",
            least=row.get("ml"),
            most=row.get("mm"),
            pattern=row.get("mp", ""),
            generated=tuple(row.get("g", ())),
            generated_most=row.get("gm", row.get("mm") or _LONGEST),
            generated_least=row.get("gl", _SHORTEST),
            is_lower="mo" in row,
            starts=row.get("ms", ""),
            path=row.get("mh", ""),
        )
    if "y" in row:
        calls = row["y"]
        deployment = TypeDeployment(
            optional_calls=_property_calls(calls.get("optional_calls", ())),
            further_calls=_property_calls(calls.get("further_calls", ())),
            linked_roles=tuple(calls.get("linked_roles", ())),
            passes_to=tuple(calls.get("passes_to", ())),
            usually_passes_to=tuple(calls.get("usually_passes_to", ())),
            api_paths=tuple(calls.get("api_paths", ())),
            side_resources=tuple(calls.get("side_resources", {}).items()),
        )
    tags, tags_as, *tagged_as = row.get("t", ("", ""))
    return ResourceType(
        name=name,
        identifier=tuple(row["p"]),
        ref=row.get("f", "unknown"),
        ref_of=tuple(row.get("fo", row["p"])),
        attributes=tuple(row["a"]),
        arn_from=tuple(row.get("af", ())),
        arn_ends=tuple(row.get("nx", {}).items()),
        arn=arn,
        naming=naming,
        iam=tuple(row.get("i", ())),
        read_only=tuple(row.get("r", ())),
        create_only=tuple(row.get("c", ())),
        sometimes_create_only=tuple(row.get("cc", ())),
        tags=tags,
        tags_as=tags_as,
        tagged_as=tagged_as[0] if tagged_as else "",
        holds_data="d" in row,
        stream=row.get("st", ""),
        replicas=row.get("rp", ""),
        references=tuple((path, holds) for holds, paths in row.get("h", {}).items() for path in paths),
        invokes=Invoker(**row["v"]) if "v" in row else None,
        access=TypeAccess(**row["q"]) if "q" in row else _NO_ACCESS,
        properties=tuple(tuple(columns) for columns in row.get("b", ())),
        makes=row.get("k", ""),
        regions=tuple(row.get("w", ())),
        deployment=deployment,
        shape_key=(service, row["s"]),
    )


def resource_types() -> tuple[str, ...]:
    """The names of all types, sorted; SAM's (`AWS::Serverless::…`) are among them."""
    return tuple(chunk("type-names", ""))


def _property_calls(pairs: Iterable[tuple[str, str]]) -> tuple[PropertyCalls, ...]:
    """Calls as the snapshot has them: pairs of actions and of paths, with spaces between."""
    return tuple(PropertyCalls(tuple(actions.split()), tuple(paths.split())) for actions, paths in pairs)
