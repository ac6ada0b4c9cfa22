"""Ask whether a principal has what a technique needs: each action on the right resource, with the right parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.audit.documents import folded, unfolded
from remit.audit.question import NO, AccessAnswer, combined, own_resources
from remit.audit.results import StepNeed, UndecidedTechnique
from remit.iam.policy import Condition

if TYPE_CHECKING:
    from remit.audit.access import AccessQuestions
    from remit.audit.caller_pins import PinnedCaller
    from remit.audit.document_parts import Profile
    from remit.audit.entities import Entity, Identity
    from remit.audit.escalation_techniques import Technique, TechniqueNeed


@dataclass(frozen=True, slots=True)
class Asker:
    """A principal with what every question about it needs; `candidates` are the actions that it may be allowed."""

    identity: Identity
    profile: Profile
    caller: PinnedCaller
    candidates: int

    @property
    def partition(self) -> str:
        """The partition of its ARN: `aws`, `aws-cn`."""
        return self.identity.arn.split(":", 2)[1]


class NeedQuestions:
    """Questions about the needs of techniques; `undecided` grows by those that could not be decided."""

    def __init__(self, questions: AccessQuestions) -> None:
        self.questions = questions
        self.undecided: list[UndecidedTechnique] = []
        self._bits: dict[str, int] = {}

    def asker(self, identity: Identity) -> Asker:
        """A principal, ready to be asked."""
        profile = self.questions.profile(identity)
        return Asker(identity, profile, self.questions.caller(identity), self.questions.candidates(profile))

    def may_use(self, asker: Asker, technique: Technique) -> bool:
        """A cheap look: whether some statement of every layer speaks of each action."""
        bits = self._bits.get(technique.name + technique.gain)
        if bits is None:
            bits = self._bits[technique.name + technique.gain] = self.questions.parts.table.mask_of(technique.actions)
        return bits & asker.candidates == bits

    def steps(
        self, asker: Asker, technique: Technique, needs: tuple[TechniqueNeed, ...], target: Entity | None = None
    ) -> tuple[StepNeed, ...] | None:
        """The needs as steps, if all of them are allowed; None: some are not, or are undecided."""
        steps = []
        undecided = ""
        for need in needs:
            answer = self._ask(asker, technique, need, target)
            if answer.verdict == "no":
                return None
            if answer.verdict == "undecided":
                undecided = answer.reason
            steps.append(self.step(asker, need.action, answer))
        if undecided:
            self.leave_undecided(asker, technique, undecided)
            return None
        return tuple(steps)

    def step(self, asker: Asker, action: str, answer: AccessAnswer) -> StepNeed:
        """An answer as a step, in the names of the principal's account."""
        account = asker.identity.account
        resource = unfolded(answer.resource, account)
        must_hold = tuple((key, unfolded(value, account)) for key, value in answer.must_hold)
        statement = self.questions.statement(asker.identity, action, answer)
        return StepNeed(action, resource, "" if statement is None else statement.spelled, must_hold)

    def leave_undecided(self, asker: Asker, technique: Technique, reason: str) -> None:
        """Note that a technique was not decided."""
        self.undecided.append(UndecidedTechnique(asker.identity.arn, technique.name, reason))

    def _ask(self, asker: Asker, technique: Technique, need: TechniqueNeed, target: Entity | None) -> AccessAnswer:
        parameters = _parameters(asker, technique, need)
        if need.on == "anything":
            groups = own_resources(need.action, asker.partition)
        else:
            resources = _resources(asker.identity, need, target)
            if not resources:
                return NO
            groups = (resources,)
        profile, caller = asker.profile, asker.caller
        return combined(tuple(self.questions.ask(profile, caller, need.action, group, parameters) for group in groups))


def _resources(identity: Identity, need: TechniqueNeed, target: Entity | None) -> tuple[str, ...]:
    """The ARNs, with the own account folded, of which one must be allowed."""
    entity = identity.entity
    prefix = entity.arn.split(f":{entity.kind}/")[0]
    if need.on == "its group":
        arns = tuple(f"{prefix}:group/{name}" for name in entity.groups)
    elif need.on == "its policy":
        names = [use.name for use in identity.policies]
        arns = tuple(name for name in names if name.startswith(f"{prefix}:policy/"))
    elif need.on == "itself" or target is None:
        arns = (entity.arn,)
    else:
        arns = (target.arn,)
    return tuple(folded(arn, entity.account) for arn in arns)


_ATTACHING: Final = frozenset({"iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:AttachGroupPolicy"})
_MAKING: Final = frozenset({"iam:CreateUser", "iam:CreateRole"})
_BOUNDING: Final = frozenset({"iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary"})
_OF_BOUNDED: Final = frozenset(
    {"iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutRolePolicy"}
)


def _parameters(asker: Asker, technique: Technique, need: TechniqueNeed) -> tuple[Condition, ...]:
    """What holds of the call that the technique makes: the policy that is attached, the service that gets a role.

    Source: "Available keys for IAM" (IAM User Guide).
    """
    administrator = f"arn:{asker.partition}:iam::aws:policy/AdministratorAccess"
    conditions = []
    if need.action in _ATTACHING:
        conditions.append(Condition("ArnEquals", "iam:PolicyARN", (administrator,)))
    if need.action in _BOUNDING:
        conditions.append(Condition("ArnEquals", "iam:PermissionsBoundary", (administrator,)))
    is_unbounded = asker.identity.entity.boundary is None or need.on != "itself"
    if need.action in _MAKING or (need.action in _OF_BOUNDED and is_unbounded and not technique.assumes):
        conditions.append(Condition("Null", "iam:PermissionsBoundary", ("true",)))
    if need.action == "iam:PassRole":
        conditions.append(Condition("StringEquals", "iam:PassedToService", (technique.service,)))
    return tuple(conditions)
