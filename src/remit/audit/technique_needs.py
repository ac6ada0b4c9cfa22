"""Ask whether a principal has what a technique needs: each action on the right resource, with the right parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.audit.caller_pins import policies_of, tag_conditions
from remit.audit.documents import folded, unfolded
from remit.audit.question import NO, AccessAnswer, combined, own_resources
from remit.audit.results import StepNeed, UndecidedTechnique
from remit.iam.pattern import covers
from remit.iam.policy import Condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.audit.access import AccessQuestions, Asker
    from remit.audit.entities import Identity, ManagedPolicyVersions
    from remit.catalogue.escalation_techniques import Technique, TechniqueNeed


class NeedQuestions:
    """Questions about the needs of techniques; `undecided` grows by those that could not be decided.

    `managed` are the managed policies of the accounts.
    """

    def __init__(self, questions: AccessQuestions, managed: Mapping[str, ManagedPolicyVersions]) -> None:
        self.questions = questions
        self.managed = managed
        self.undecided: list[UndecidedTechnique] = []
        self._bits: dict[str, int] = {}

    def may_use(self, asker: Asker, technique: Technique) -> bool:
        """Return whether a principal of this kind can use a technique, and may be allowed its actions: a cheap look."""
        if technique.name not in self._bits:  # of one name, all need the same actions
            self._bits[technique.name] = self.questions.parts.mask_of(technique.actions)
        bits = self._bits[technique.name]
        return technique.kind in ("", asker.identity.kind) and bits & asker.candidates == bits

    def steps(
        self, asker: Asker, technique: Technique, needs: tuple[TechniqueNeed, ...], target: Identity | None = None
    ) -> tuple[StepNeed, ...] | None:
        """The needs as steps, if all of them are allowed.

        None: some are not, or are undecided, which is noted in `undecided`.
        """
        answers = []
        for need in needs:
            answer = self._ask(asker, technique, need, target)
            if answer.verdict == "no":
                return None
            answers.append(answer)
        if needs[0].on == "a new one":
            answers = self._on_one(asker, technique, needs, answers)
        reason = next((answer.reason for answer in reversed(answers) if answer.verdict == "undecided"), "")
        if reason:
            self.leave_undecided(asker, technique, reason)
        if reason or not answers:
            return None
        return tuple(self.step(asker, need.action, answer) for need, answer in zip(needs, answers, strict=True))

    def _on_one(
        self, asker: Asker, technique: Technique, needs: tuple[TechniqueNeed, ...], answers: list[AccessAnswer]
    ) -> list[AccessAnswer]:
        """The answers about one new user or role, in the order of `needs`.

        An empty list where none that may be made may be given rights. Where each call is allowed on some, and none was
        found for all, a single answer that is undecided.
        """
        ((widest, *_), *_) = own_resources(needs[0].action, asker.partition)
        made: dict[str, None] = {}
        for policy in self.questions.parts.layers_of(asker.profile, needs[0].action).identity:
            for statement in policy.statements:
                named = statement.resources
                if statement.effect == "Allow" and named is not None:
                    patterns = ("*",) if named.negated else named.patterns
                    # None is wider than the action's own resources: `*` would stand for what nobody makes.
                    made |= dict.fromkeys(widest if covers(pattern, widest) else pattern for pattern in patterns)
        resources = [answer.resource for answer in answers]
        for need in needs[1:]:
            narrowed = self._ask(asker, technique, need, None, tuple(made))
            if narrowed.verdict == "no":
                return []
            resources.append(narrowed.resource)
        # All calls are about one new role: each of the answers may be about another.
        for resource in dict.fromkeys(filter(None, resources)):
            on_it = [self._ask(asker, technique, need, None, (resource,)) for need in needs]
            if all(answer.verdict == "yes" for answer in on_it):
                return on_it
        return [AccessAnswer("undecided", reason="no user or role was found that all of its calls may be about")]

    def step(self, asker: Asker, action: str, answer: AccessAnswer) -> StepNeed:
        """An answer as a step, in the names of the principal's account."""
        account = asker.identity.account
        resource = unfolded(answer.resource, account)
        must_hold = tuple((key, unfolded(value, account)) for key, value in answer.must_hold)
        return StepNeed(action, resource, self.questions.statement(asker.identity, action, answer), must_hold)

    def leave_undecided(self, asker: Asker, technique: Technique, reason: str) -> None:
        """Note that a technique was not decided."""
        self.undecided.append(UndecidedTechnique(asker.identity.arn, technique.name, reason))

    def _ask(
        self,
        asker: Asker,
        technique: Technique,
        need: TechniqueNeed,
        target: Identity | None,
        among: tuple[str, ...] = (),
    ) -> AccessAnswer:
        """The answer to one need: on one of the resources `among`, or, without these, on what the need says.

        A call that attaches AWS's policy for administrators, or a boundary, is asked again with the account's own ones.
        """
        if among:
            groups: tuple[tuple[str, ...], ...] = (among,)
        elif need.on in ("anything", "a new one"):
            groups = own_resources(need.action, asker.partition)
        else:
            resources = self._resources(asker.identity, need, target)
            if not resources:
                return NO
            groups = (resources,)
        parameters = (*_parameters(asker, technique, need), *self._tags(asker, need, target))
        answered = self._ask_on(asker, need, groups, parameters)
        for key in (_POLICY_ARN, _BOUNDARY):
            if answered.verdict != "no" or not any(condition.key == key for condition in parameters):
                continue
            policies = self._wide_policies(asker)
            if policies:
                others = (condition for condition in parameters if condition.key != key)
                answered = self._ask_on(asker, need, groups, (Condition("ArnEquals", key, policies), *others))
        return answered

    def _ask_on(
        self,
        asker: Asker,
        need: TechniqueNeed,
        groups: tuple[tuple[str, ...], ...],
        parameters: tuple[Condition, ...],
    ) -> AccessAnswer:
        return combined(tuple(self.questions.ask(asker, need.action, group, parameters) for group in groups))

    def _resources(self, identity: Identity, need: TechniqueNeed, target: Identity | None) -> tuple[str, ...]:
        """The ARNs, with the own account folded, of which one must be allowed; empty where the identity has none such.

        Without a target, a need about another principal is one about the identity itself.
        """
        prefix = identity.arn.split(f":{identity.kind}/")[0]
        policies = (use.name for use in identity.policies if use.name.startswith(f"{prefix}:policy/"))
        if need.on == "its group":
            arns = tuple(f"{prefix}:group/{name}" for name in identity.groups)
        elif need.on == "its policy":
            arns = tuple(policies)
        elif need.on == "its policy with a version that allows everything":
            older = {arn: self.managed[arn].older for arn in policies if arn in self.managed}
            arns = tuple(arn for arn, versions in older.items() if any(self._is_wide(key) for _, key in versions))
        elif need.on == "its policy with a version that allows more":
            arns = tuple(policy for policy in policies if self._has_wider_version(policy))
        elif need.on == "a policy with a version that allows more":
            own = (arn for arn in self.managed if arn.startswith(f"{prefix}:policy/"))
            arns = tuple(arn for arn in own if self._has_wider_version(arn))
        elif need.on == "its boundary":
            boundary = "" if identity.boundary is None else identity.boundary.name
            arns = (boundary,) if boundary.startswith(f"{prefix}:policy/") else ()
        elif need.on == "itself" or target is None:
            arns = (identity.arn,)
        else:
            arns = (target.arn,)
        return tuple(folded(arn, identity.account) for arn in arns)

    def _tags(self, asker: Asker, need: TechniqueNeed, target: Identity | None) -> tuple[Condition, ...]:
        """Return the conditions on the tags of the user or role that an action is about, by the files."""
        if need.on == "itself":
            target = asker.identity
        if target is None or need.on not in ("itself", "a user", "a role"):
            return ()
        layers = self.questions.parts.layers_of(asker.profile, need.action)
        return tag_conditions(need.action, policies_of(layers), target)

    def _has_wider_version(self, arn: str) -> bool:
        """Return whether an older version of a policy allows what its default does not; True where no file has any."""
        managed = self.managed.get(arn)
        if managed is None or not managed.default or not managed.older:
            return True
        default = self.questions.parts.mask(managed.default)
        older = [self.questions.parts.mask(document) for _, document in managed.older]
        return any(mask is None or default is None or mask.may_allow & ~default.may_allow for mask in older)

    def _wide_policies(self, asker: Asker) -> tuple[str, ...]:
        """The managed policies of an asker's account that allow everything, with its number folded."""
        account = asker.identity.account
        own = (managed for managed in self.managed.values() if f"::{account}:policy/" in managed.arn)
        wide = (managed.arn for managed in own if managed.default and self._is_wide(managed.default))
        return tuple(sorted(folded(arn, account) for arn in wide))

    def _is_wide(self, document: str) -> bool:
        """Return whether a document allows everything; False where nobody knows it."""
        mask = self.questions.parts.mask(document)
        return mask is not None and mask.allows_everything


_POLICY_ARN: Final = "iam:PolicyARN"
_BOUNDARY: Final = "iam:PermissionsBoundary"
_ATTACHING: Final = frozenset({"iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:AttachGroupPolicy"})
_MAKING: Final = frozenset({"iam:CreateUser", "iam:CreateRole"})
_BOUNDING: Final = frozenset({"iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary"})
_OF_BOUNDED: Final = frozenset(
    {"iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutRolePolicy"}
)


def _parameters(asker: Asker, technique: Technique, need: TechniqueNeed) -> tuple[Condition, ...]:
    """Return the conditions of the technique's call: the policy that is attached, the service that gets a role.

    Source: "Available keys for IAM" (IAM User Guide).
    """
    administrator = f"arn:{asker.partition}:iam::aws:policy/AdministratorAccess"
    all_of_iam = f"arn:{asker.partition}:iam::aws:policy/IAMFullAccess"
    conditions = []
    if need.action in _ATTACHING:
        conditions.append(Condition("ArnEquals", _POLICY_ARN, (administrator, all_of_iam)))
    if need.action in _BOUNDING:
        conditions.append(Condition("ArnEquals", "iam:PermissionsBoundary", (administrator,)))
    is_unbounded = asker.identity.boundary is None or need.on != "itself"
    # A policy may allow these calls only with a boundary, which the technique does not set.
    if need.action in _MAKING or (need.action in _OF_BOUNDED and is_unbounded):
        conditions.append(Condition("Null", _BOUNDARY, ("true",)))
    if need.action == "iam:PassRole":
        conditions.append(Condition("StringEquals", "iam:PassedToService", (technique.service,)))
    return tuple(conditions)
