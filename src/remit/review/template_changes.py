"""What changes between two templates: each role with what bears on it alone, in the worlds of the conditions there.

A role of which all that bears on it is the same text in both is not compared: nothing about it can be undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.errors import few
from remit.iam import tokens
from remit.review.access_change import Review, Version
from remit.review.changes import functions_of, known_shapes, others_of, review, role_arns
from remit.review.joined_worlds import merged
from remit.review.joint_access import is_joined, is_key
from remit.review.resource_access import giving_of_file
from remit.review.resource_losses import resource_losses
from remit.roles.reference_shapes import shapes_of
from remit.template.attached_policies import MANAGED
from remit.template.condition_outcomes import MOST, by_conditions, worlds
from remit.template.parameters import Parameter, parameters
from remit.template.role_files import read_source
from remit.template.role_resources import (
    attached_to,
    bearing,
    made_together,
    names_in,
    part,
    units,
    with_targets_of,
    without_code,
)
from remit.template.roles import FileRoles, roles_where
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from remit.documents.read import ParsedFile

_SAYING: Final = ("AWS::SSM::Parameter", "AWS::CloudFormation::", "Custom::")
"""Types whose attributes may say anything."""
_IAM: Final = "AWS::IAM::"
_PROFILE: Final = "AWS::IAM::InstanceProfile"
_DECIDING: Final = ("Resources", "Conditions", "Globals")
_Doubts: TypeAlias = "Callable[[str], tuple[str, ...]]"
"""What is not certain of a text, as sentences."""


def version_of(read: FileRoles, file: str) -> Version:
    """The roles, users and groups of a file, and its policies that none of them has, as one side of a review.

    `file` is how sentences call that side. The notes of what was read stay behind.
    """
    access_by_id = giving_of_file(read)
    shapes = shapes_of(read.resources)
    return Version(file, read.holders, documents=read.documents, others=read.others, giving=access_by_id, shapes=shapes)


def review_reads(old: FileRoles, before: str, new: FileRoles, after: str) -> Review:
    """The review of the roles of two files, with what was not read of either among the notes."""
    roles_review = review(version_of(old, before), version_of(new, after))
    notes = dict.fromkeys((*old.notes, *new.notes, *roles_review.notes))
    return replace(roles_review, notes=tuple(notes))


def review_templates(old: ParsedFile, new: ParsedFile) -> Review:
    """The review of two settled templates; parameters are put equal. RemitError at line and column."""
    read_old, read_new = read_source(old), read_source(new)
    before, after = version_of(read_old, old.file), version_of(read_new, new.file)
    outside = dict.fromkeys(role.logical_id for role in (*after.roles, *before.roles) if role.only_attached_to)
    undecided, mentions = _undecided(old.value, new.value), tuple(_mentions(before, after))
    shapes = known_shapes(before, after), known_shapes(after, before)
    arns = frozenset((*role_arns(before, shapes[0]), *role_arns(after, shapes[1])))
    pair = _Templates(old, new, undecided, shapes, mentions, arns)
    parts = tuple(pair.reviews(outside))
    notes = chain.from_iterable(review.notes for review in parts)
    # Those of the whole templates come first: the parts are in the order in which they are compared.
    functions = chain(functions_of(after), functions_of(before), *(review.functions for review in parts))
    roles = chain(others_of(after), others_of(before), *(review.roles for review in parts))
    return Review(
        old=old.file,
        new=new.file,
        changes=tuple(chain.from_iterable(review.changes for review in parts)),
        notes=tuple(dict.fromkeys((*read_old.notes, *read_new.notes, *notes))),
        functions=tuple(dict.fromkeys(functions)),
        roles=tuple(dict.fromkeys(roles)),
        elsewhere=tuple(chain.from_iterable(review.elsewhere or () for review in parts)),
        shapes=shapes[1],
        not_compared=tuple(dict.fromkeys(chain.from_iterable(review.not_compared for review in parts))),
        losses=resource_losses(read_old.resources, read_new.resources),
    )


@dataclass(frozen=True, slots=True)
class _Undecided:
    """Something that may be another text now where a role refers to it: `mentions` are the texts that do so."""

    sentence: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A resource whose policies say something to roles: the words of the principals there, in either version."""

    resource: str
    words: frozenset[str]
    differs: bool
    to_many: bool
    """Whether they mean everyone, or the account; a key's policy limits everybody."""


@dataclass(frozen=True, slots=True)
class _Templates:
    """Two templates, of which each part that differs is compared by itself; `undecided` by name."""

    old: ParsedFile
    new: ParsedFile
    undecided: Mapping[str, _Undecided]
    shapes: tuple[Mapping[str, str], Mapping[str, str]]
    """What is known of the references of the old one, and of the new one."""
    mentions: tuple[_Mention, ...]
    role_arns: frozenset[str]

    def reviews(self, outside: Iterable[str]) -> Iterator[Review]:
        """The reviews of all parts. `outside` are the roles that the templates only attach policies to."""
        old_template, new_template = without_code(self.old.value), without_code(self.new.value)
        old, new = bearing(old_template), bearing(new_template)
        with_old_targets, with_new_targets = with_targets_of(old_template), with_targets_of(new_template)
        role_units = units(old, new)
        for unit in role_units:
            before, after = part(old, unit.resources), part(new, unit.resources)
            # A policy names a role by its logical id, by its name, or as SAM calls its own.
            own_words = {*unit.resources, *(f"{name}Role" for name in unit.resources), *unit.names}
            naming = [mention for mention in self.mentions if not own_words.isdisjoint(mention.words)]
            speaking = dict.fromkeys((*(mention for mention in self.mentions if mention.to_many), *naming))
            is_told_otherwise = any(mention.differs for mention in naming)
            if speaking and (is_told_otherwise or not self._is_same(before, after)):
                names = (*unit.resources, *(mention.resource for mention in speaking))
                sides = []
                for bearing_template, template, with_targets in (
                    (old, old_template, with_old_targets),
                    (new, new_template, with_new_targets),
                ):
                    resources = {**template["Resources"], **bearing_template["Resources"]}
                    sides.append(with_targets(part({**template, "Resources": resources}, names)))
                stubs = frozenset(name for side in sides for name in side["Resources"]).difference(unit.resources)
                yield from self._compared(sides[0], sides[1], partial(_roles, stubs=stubs))
            else:
                yield from self._compared(before, after, _roles)
        for role in outside:
            names = attached_to(old, new, role)
            yield from self._compared(part(old, names), part(new, names), partial(_roles, outside=role))
        alone = _alone(old) | _alone(new)
        held_with: dict[str, set[str]] = {}
        for role, attached in (item for unit in role_units for item in unit.attached.items()):
            for name in (role, *attached):  # an instance profile is attached, and hands over its role
                held_with.setdefault(name, set()).update((role, *attached))
        declared = frozenset((*section(old_template, "Resources"), *section(new_template, "Resources")))
        for names in made_together(old_template, new_template):
            parts = part(old_template, names), part(new_template, names)
            if any(_type_of(template, names[0]) == MANAGED for template in (old_template, new_template)):
                if names[0] in alone:
                    yield from self._compared(*parts, _policies)
            else:
                before, after = parts
                roles = _other_roles(before, after, held_with)
                with_policies = {name for role in roles for name in held_with[role]}
                of_iam = [
                    name
                    for name in sorted(with_policies)
                    if any(_type_of(template, name).startswith(_IAM) for template in (old, new))
                ]
                with_roles = dict.fromkeys((*names, *of_iam))
                before, after = part(old_template, with_roles), part(new_template, with_roles)
                with_stubs = with_old_targets(before), with_new_targets(after)
                yield from self._compared(*with_stubs, partial(_givers, names=names, declared=declared))

    def _compared(self, old: Any, new: Any, side: Callable[[FileRoles, str, _Doubts], Version]) -> Iterator[Review]:
        """Yield the review of a part, by `side`; nothing where it, and all that it refers to, is what it was.

        It is compared in each world of its conditions, or in as many as there may be.
        """
        if self._is_same(old, new):
            return
        all_worlds, complete = worlds(old, new)
        in_conditions = names_in([old.get("Conditions"), new.get("Conditions")])
        # A parameter with another default may make a condition turn out otherwise than it did.
        deciding = [name for name in self.undecided if name in in_conditions and name in parameters(new)]
        common_doubts = [self.undecided[name].sentence for name in deciding]
        if not complete:
            common_doubts.append(
                f"its conditions may turn out in more than {MOST} ways: not each of them was looked at"
            )

        def doubts(text: str) -> tuple[str, ...]:
            # What the text refers to may be something else now.
            referred = [item for item in self.undecided.values() if any(mention in text for mention in item.mentions)]
            return tuple(dict.fromkeys((*(item.sentence for item in referred), *common_doubts)))

        before, after = replace(self.old, value=old), replace(self.new, value=new)
        old_versions = by_conditions(
            old, all_worlds, lambda holding: side(roles_where(holding, before), before.file, lambda _: ())
        )
        new_versions = by_conditions(
            new, all_worlds, lambda holding: side(roles_where(holding, after), after.file, doubts)
        )
        reviews = []
        known_reviews: dict[object, Review] = {}
        for world, old_version, new_version in zip(all_worlds, old_versions, new_versions, strict=True):
            contents = old_version.contents, new_version.contents
            if contents not in known_reviews:
                before_version = replace(old_version, asked_jointly=self.role_arns)
                after_version = replace(new_version, asked_jointly=self.role_arns)
                known_reviews[contents] = review(before_version, after_version, self.shapes)
            reviews.append((world, known_reviews[contents]))
        yield merged(reviews)

    def _is_same(self, old: Any, new: Any) -> bool:
        """Return whether a part is the same text in both, and nothing that it refers to is among `undecided`."""
        mentioned = names_in([template.get(section) for template in (old, new) for section in _DECIDING])
        is_same_text = all(old.get(section) == new.get(section) for section in _DECIDING)
        return is_same_text and mentioned.isdisjoint(self.undecided)


def _roles(
    read: FileRoles, file: str, doubts: _Doubts, outside: str | None = None, stubs: frozenset[str] | None = None
) -> Version:
    """The roles, users and groups that a part declares, or the role `outside` alone, which it only attaches to.

    Their notes tell each doubt. With `stubs`, which are left out (they are there for references alone), also what
    resources say to the roles.
    """
    roles = []
    for role in (*read.roles, *read.users):
        is_concerned = not role.only_attached_to if outside is None else role.logical_id == outside
        if is_concerned and (stubs is None or role.logical_id not in stubs):
            statements = [grant.statement for grant in role.grants]
            text = repr((statements, role.managed, role.boundary, role.trust))
            roles.append(replace(role, notes=(*role.notes, *doubts(text))))
    beside = {} if stubs is None else giving_of_file(read)
    shapes = shapes_of(read.resources)
    return Version(file, tuple(roles), documents=read.documents, others=read.others, beside=beside, shapes=shapes)


def _mentions(old: Version, new: Version) -> Iterator[_Mention]:
    """Yield the resources of either version whose joined policies say something to principals; see `_Mention`."""
    before, after = old.giving or {}, new.giving or {}
    for name in dict.fromkeys((*after, *before)):
        versions = [access[name] for access in (before, after) if name in access and is_joined(access[name])]
        principals = [
            value
            for access in versions
            for policy in access.policies
            for statement in policy.statements
            if statement.principals is not None
            for _, value in statement.principals.patterns
        ]
        if principals:
            differs = name not in before or name not in after or before[name].meaning != after[name].meaning
            to_many = any(map(is_key, versions)) or any(
                value == "*" or value.endswith(":root") or value == tokens.ACCOUNT for value in principals
            )
            yield _Mention(name, names_in(principals), differs, to_many)


def _policies(read: FileRoles, file: str, doubts: _Doubts) -> Version:
    """The managed policies of a part as they are by themselves, with a note on each doubt."""
    policies = []
    for policy in read.policies:
        text = repr([grant.statement for grant in policy.grants])
        policies.append(replace(policy, notes=(*policy.notes, *doubts(text))))
    return Version(file, tuple(policies))


def _alone(template: Any) -> frozenset[str]:
    """The resources of a template that bear on none of its roles, users and groups, with which they would be told."""
    attached = {name for unit in units(template, template) for name in unit.resources}
    return frozenset(section(template, "Resources")).difference(attached)


def _givers(read: FileRoles, file: str, doubts: _Doubts, names: tuple[str, ...], declared: frozenset[str]) -> Version:
    """What the resources of a part let others do, with a sentence for each doubt.

    The other `declared` ones are told by themselves: the roles that they hand over, and the policies of these, say.
    """
    access_by_id = {}
    for name, access in giving_of_file(read).items():
        if name in names or name not in declared:
            compared = [setting.values for setting in access.settings if setting.kind not in ("network", "unknown")]
            text = repr((access.documents, access.on, compared))
            concerns = () if access.is_nothing else doubts(text)
            access_by_id[name] = replace(access, doubts=frozenset(concerns))
    return Version(file, (), documents=read.documents, giving=access_by_id, handed_over=read.roles)


def _other_roles(before: Any, after: Any, roles: Collection[str]) -> frozenset[str]:
    """Those of the roles that resources name which may hand over another one now.

    So may a resource that names the same ones as before, if there are several: each may stand in another's place.
    """
    others: set[str] = set()
    old, new = section(before, "Resources"), section(after, "Resources")
    for name in {**old, **new}:
        types = {_type_of(template, name) for template in (before, after)}
        if _PROFILE in types or not any(kind.startswith(_IAM) for kind in types):
            was, now = (names_in(resources.get(name)).intersection(roles) for resources in (old, new))
            if was != now or (len(now) > 1 and old.get(name) != new.get(name)):
                others |= was | now
    return frozenset(others)


def _type_of(template: Any, name: str) -> str:
    """The type of a resource; empty where the template has none of that name."""
    resource = section(template, "Resources").get(name)
    return str(resource.get("Type", "")) if isinstance(resource, dict) else ""


def _undecided(old: Any, new: Any) -> dict[str, _Undecided]:
    """By name, what two templates declare differently, so that the same reference may give another text."""
    undecided: dict[str, _Undecided] = {}
    for name, (before, after) in _both(old, new, "Resources"):
        if _says_anything(before) or _says_anything(after):
            difference = "is of another type"
            if before.get("Type") == after.get("Type"):
                properties = list(_differing(before.get("Properties"), after.get("Properties"), "Properties"))
                difference = f"has another {few(properties)}" if properties else ""
            if difference:
                sentence = f"{name}, on which it depends, {difference}: what it gives is known at the deploy only"
                undecided[name] = _Undecided(sentence, (f"${{{name}}}", f"${{{name}."))
    for name, (before, after) in _both(old, new, "Mappings"):
        if before != after:
            sentence = f"mapping {name}, on which it depends, is not what it was"
            undecided[name] = _Undecided(sentence, (f'{{"Fn::FindInMap":["{name}"',))
    new_parameters = parameters(new)
    for name, was in parameters(old).items():
        difference = "" if name not in new_parameters else _difference(was, new_parameters[name])
        if difference:
            sentence = f"parameter {name}, on which it depends, {difference}"
            undecided[name] = _Undecided(sentence, (f"${{{name}}}", f'{{"Ref":"{name}"}}'))
    return undecided


def _difference(was: Parameter, now: Parameter) -> str:
    """How a parameter gives other values than it did, in words that follow its name; "" where it gives the same."""
    if was.default != now.default:
        defaults = "" if was.is_hidden or now.is_hidden else f": {now.default} in place of {was.default}"
        return f"has another default{defaults}"
    # A further name is a choice for later; a further pattern may widen whatever statement has it.
    is_wider = any("*" in str(value) for value in now.allowed if value not in was.allowed)
    return "may be given another pattern" if is_wider else ""


def _says_anything(resource: Any) -> bool:
    """Return whether a resource's attributes come from its properties or somebody's code, and not from AWS."""
    kind = resource.get("Type") if isinstance(resource, dict) else None
    return isinstance(kind, str) and kind.startswith(_SAYING)


def _differing(before: Any, after: Any, path: str) -> Iterator[str]:
    """Yield the paths of the parts of a value that differ, such as `Properties.Config.version`.

    A list and an intrinsic (`{"Ref": …}`) are one part; a missing key equals null.
    """
    if _has_parts(before) and _has_parts(after):
        for key in {**before, **after}:
            yield from _differing(before.get(key), after.get(key), f"{path}.{key}")
    elif before != after:
        yield path


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict) and not tokens.is_intrinsic(value)


def _both(old: Any, new: Any, name: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield each key that a section of both templates has, with what stands there in the old one and in the new."""
    before, after = section(old, name), section(new, name)
    yield from ((str(key), (before[key], after[key])) for key in before if key in after)
