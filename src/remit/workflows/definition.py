"""A state machine's definition in the Amazon States Language: its states, and what Step Functions would refuse of it.

Source: "Amazon States Language" (AWS Step Functions Developer Guide), and the specification at states-language.net.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from remit.did_you_mean import did_you_mean
from remit.errors import Path, RemitError
from remit.workflows.integrations import integration_mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MachineType = Literal["STANDARD", "EXPRESS"]

SUBSTITUTION: Final = re.compile(r"\$\{([^${}]*)\}")
"""A name in a definition that stands for something else (DefinitionSubstitutions)."""
_EVERY_STATE: Final = "Type Comment QueryLanguage"
_PATHS: Final = "InputPath OutputPath Parameters ResultSelector ResultPath"
_FIELDS: Final = {
    "Task": f"Resource Next End Retry Catch TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath "
    f"Credentials {_PATHS} Arguments Output Assign",
    "Pass": "Next End Result InputPath OutputPath Parameters ResultPath Output Assign",
    "Choice": "Choices Default InputPath OutputPath Output Assign",
    "Wait": "Next End Seconds SecondsPath Timestamp TimestampPath InputPath OutputPath Output Assign",
    "Succeed": "InputPath OutputPath Output",
    "Fail": "Error ErrorPath Cause CausePath",
    "Parallel": f"Branches Next End Retry Catch {_PATHS} Arguments Output Assign",
    "Map": f"ItemProcessor Iterator ItemReader ItemSelector ItemBatcher ItemsPath Items ResultWriter Label Next End "
    f"MaxConcurrency MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath ToleratedFailurePercentage "
    f"ToleratedFailurePercentagePath Retry Catch {_PATHS} Output Assign",
}
"""The fields of each type of state, beside those of every state."""
_OF_JSONATA: Final = frozenset({"Arguments", "Items", "Output"})
_OF_JSONPATH: Final = frozenset(
    {*_PATHS.split(), "ItemsPath"}
    | {field for fields in _FIELDS.values() for field in fields.split() if field.endswith("Path")}
)
"""Fields that one of the two query languages has alone."""
_NEEDED: Final = {"Task": ("Resource",), "Choice": ("Choices",), "Parallel": ("Branches",)}
_LAST: Final = frozenset({"Choice", "Succeed", "Fail"})
"""Types of states that have neither Next nor End."""


class Machine(NamedTuple):
    """A machine: the whole definition, a branch of a Parallel state, or what a Map state does with each item."""

    path: Path
    fields: Mapping[str, Any]
    language: str
    """JSONPath or JSONata, where a state says nothing else."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a definition; `path` leads to it from the definition's root."""

    name: str
    path: Path
    fields: Mapping[str, Any]
    language: str

    @property
    def is_distributed(self) -> bool:
        """True if it is a Map whose items are executions of their own."""
        processor = self.fields.get("ItemProcessor")
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"


def is_definition(value: Any) -> bool:
    """Return whether a value may be the definition of a state machine."""
    return isinstance(value, dict) and isinstance(value.get("States"), dict)


def substituted(value: Any, texts: Mapping[str, str]) -> Any:
    """A part of a definition with the texts that its substitutions stand for; others stay as they are."""
    if isinstance(value, str):
        return SUBSTITUTION.sub(lambda match: texts.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {name: substituted(item, texts) for name, item in value.items()}
    return [substituted(item, texts) for item in value] if isinstance(value, list) else value


def states(definition: Mapping[str, Any]) -> Iterator[State]:
    """The states of a definition, those inside of others as well; what is none is left out."""
    for machine in _machines(definition, (), "JSONPath"):
        yield from _own_states(machine)


def _machines(fields: Mapping[str, Any], path: Path, language: str) -> Iterator[Machine]:
    language = str(fields.get("QueryLanguage", language))
    machine = Machine(path, fields, language)
    yield machine
    for state in _own_states(machine):
        inner: list[tuple[Path, Any]] = [((key,), state.fields.get(key)) for key in ("ItemProcessor", "Iterator")]
        branches = state.fields.get("Branches")
        inner += [(("Branches", number), branch) for number, branch in enumerate(_items(branches))]
        for steps, value in inner:
            if isinstance(value, dict):
                yield from _machines(value, (*state.path, *steps), language)


def _own_states(machine: Machine) -> Iterator[State]:
    declared = machine.fields.get("States")
    for name, fields in declared.items() if isinstance(declared, dict) else ():
        if isinstance(fields, dict):
            language = str(fields.get("QueryLanguage", machine.language))
            yield State(name, (*machine.path, "States", name), fields, language)


def mistakes_in(definition: Any, machine_type: MachineType = "STANDARD") -> Iterator[RemitError]:
    """Everything that Step Functions would refuse of a definition, each with its path."""
    if not isinstance(definition, dict) or "States" not in definition:
        hint = 'a definition reads {"StartAt": "First", "States": {"First": {"Type": "Pass", "End": true}}}'
        yield RemitError("this is no definition of a state machine: it has no States", hint=hint)
        return
    for machine in _machines(definition, (), "JSONPath"):
        yield from _mistakes_of_machine(machine)
    for state in states(definition):
        yield from _mistakes_of_state(state, machine_type)


def _mistakes_of_machine(machine: Machine) -> Iterator[RemitError]:  # noqa: C901 - one rule after the other
    """Targets that do not exist, states that nothing leads to, and what is no state."""
    declared = machine.fields.get("States")
    at = (*machine.path, "States")
    if not isinstance(declared, dict) or not declared:
        yield RemitError("States must hold the states by their names", path=at)
        return
    for name, fields in declared.items():
        if not isinstance(fields, dict):
            yield RemitError(f"state {name} must be an object of fields", path=(*at, name))
    targets: list[tuple[Path, Any]] = [(("StartAt",), machine.fields.get("StartAt"))]
    next_states: dict[str, list[str]] = {}
    for state in _own_states(machine):
        state_targets = list(_targets(state.fields))
        next_states[state.name] = [name for _, name in state_targets if isinstance(name, str)]
        targets += [((*state.path[len(machine.path) :], *steps), name) for steps, name in state_targets]
    for steps, name in targets:
        if not isinstance(name, str) or name not in declared:
            problem = f"there is no state {name!r:.80}" if name is not None else "it has no StartAt"
            hint = did_you_mean(str(name), declared) or f"the states here: {', '.join(declared)}"
            yield RemitError(problem, hint=hint, path=(*machine.path, *steps))
    reached: set[str] = set()
    first = str(machine.fields.get("StartAt"))
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += next_states.get(name, ())
    if first in declared:
        for name in declared:
            if name not in reached:
                hint = "no Next, Default or Catch names it: remove it, or lead to it"
                yield RemitError(f"state {name} is never reached", hint=hint, path=(*at, name))


def _targets(fields: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The names of states that a state may go on to, each with the steps to it."""
    for key in ("Next", "Default"):
        if key in fields:
            yield (key,), fields[key]
    for key in ("Catch", "Choices"):
        for number, item in enumerate(_items(fields.get(key))):
            if isinstance(item, dict):
                steps = (key, number, "Next") if "Next" in item else (key, number)
                yield steps, item.get("Next")


def _mistakes_of_state(state: State, machine_type: MachineType) -> Iterator[RemitError]:  # noqa: C901 - as above
    kind = state.fields.get("Type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        hint = did_you_mean(str(kind), _FIELDS) or f"it can be {', '.join(_FIELDS)}"
        yield RemitError(f"state {state.name} has no Type {kind!r:.40}", hint=hint, path=(*state.path, "Type"))
        return
    known = f"{_EVERY_STATE} {_FIELDS[kind]}".split()
    other_language = _OF_JSONPATH if state.language == "JSONata" else _OF_JSONATA
    for field in state.fields:
        at = (*state.path, field)
        if field not in known:
            hint = did_you_mean(field, known) or f"it takes {', '.join(known)}"
            yield RemitError(f"a {kind} state has no field {field}", hint=hint, path=at)
        elif field in other_language:
            hint = "QueryLanguage says which language a state, or the whole definition, is written in"
            yield RemitError(f"{state.name} is written in {state.language}, which has no {field}", hint=hint, path=at)
    for field in _NEEDED.get(kind, ()):
        if not state.fields.get(field):
            yield RemitError(f"{kind} state {state.name} has no {field}", path=state.path)
    if kind == "Map" and not {"ItemProcessor", "Iterator"} & state.fields.keys():
        yield RemitError(f"Map state {state.name} has no ItemProcessor", path=state.path)
    if kind not in _LAST and ("Next" in state.fields) == (state.fields.get("End") is True):
        yield RemitError(f"state {state.name} needs either Next or End", path=state.path)
    if machine_type == "EXPRESS" and state.is_distributed:
        hint = 'it takes type="STANDARD"; the ProcessorConfig of its own items may be EXPRESS'
        yield RemitError("an express workflow has no distributed Map", hint=hint, path=state.path)
    resource = state.fields.get("Resource")
    if kind == "Task" and isinstance(resource, str):
        mistake = integration_mistake(resource, is_express=machine_type == "EXPRESS")
        if mistake is not None:
            mistake.path = (*state.path, "Resource")
            yield mistake


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
