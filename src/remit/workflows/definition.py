"""A state machine's definition in the Amazon States Language: its states, and what Step Functions would refuse of it.

Source: "Amazon States Language" (AWS Step Functions Developer Guide), and the specification at states-language.net.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from remit.did_you_mean import did_you_mean
from remit.errors import Origin, Path, RemitError
from remit.iam import tokens
from remit.workflows.integrations import integration_mistake

MachineType = Literal["STANDARD", "EXPRESS"]

SUBSTITUTION: Final = re.compile(r"\$\{([^${}]*)\}")
"""A name in a definition that stands for something else (DefinitionSubstitutions)."""
_TYPES: Final = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_LAST: Final = frozenset({"Choice", "Succeed", "Fail"})
"""Types of states that have neither Next nor End."""


class Machine(NamedTuple):
    """A machine: the whole definition, a branch of a Parallel state, or what a Map state does with each item."""

    path: Path
    fields: Mapping[str, Any]
    language: str
    """JSONPath or JSONata, where a state says nothing else."""


class ReadDefinition(NamedTuple):
    """The definition of a state machine, and where its parts stand."""

    value: Any
    locate: Callable[[Path], Origin]


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
    """A copy of a part of a definition with `texts[NAME]` for each `${NAME}`; others stay, and so do keys."""

    def put(part: Any) -> Any:
        is_text = isinstance(part, str)
        return SUBSTITUTION.sub(lambda match: texts.get(match[1], match[0]), part) if is_text else part

    return tokens.with_leaves(value, put)


def states(definition: Mapping[str, Any]) -> Iterator[State]:
    """The states of a definition, those inside of others after it; what is no object is left out."""
    for machine in _machines(definition, (), "JSONPath"):
        yield from _own_states(machine)


def _machines(fields: Mapping[str, Any], path: Path, language: str) -> Iterator[Machine]:
    """Yield the machine of some fields, then the machines inside of its states: items of a Map, branches.

    `language` is what those around it have, which counts where it says nothing itself.
    """
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
    """Yield the states that a machine itself lists."""
    declared = machine.fields.get("States")
    for name, fields in declared.items() if isinstance(declared, dict) else ():
        if isinstance(fields, dict):
            language = str(fields.get("QueryLanguage", machine.language))
            yield State(name, (*machine.path, "States", name), fields, language)


def mistakes_in(definition: Any, machine_type: MachineType = "STANDARD") -> Iterator[RemitError]:
    """Yield what Step Functions would refuse of a definition, each error with its path and without a place.

    Looked at are the states, where they lead, and what they call; AWS itself checks the other fields.
    """
    if not isinstance(definition, dict) or "States" not in definition:
        hint = 'a definition reads {"StartAt": "First", "States": {"First": {"Type": "Pass", "End": true}}}'
        yield RemitError("this is no definition of a state machine: it has no States", hint=hint)
        return
    for machine in _machines(definition, (), "JSONPath"):
        yield from _mistakes_of_machine(machine)
    for state in states(definition):
        yield from _mistakes_of_state(state, machine_type)


def _mistakes_of_machine(machine: Machine) -> Iterator[RemitError]:  # noqa: C901 - one rule after the other
    """Yield targets that do not exist, states that nothing leads to, and what is no state, of one machine alone."""
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
            problem = f"there is no state {name!r:.80}" if name is not None else f"it has no {steps[-1]}"
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
    """The names of states that a state may go on to, each after its path in `fields`; None where an item names none."""
    for key in ("Next", "Default"):
        if key in fields:
            yield (key,), fields[key]
    for key in ("Catch", "Choices"):
        for number, item in enumerate(_items(fields.get(key))):
            if isinstance(item, dict):
                yield (key, number, "Next"), item.get("Next")


def _mistakes_of_state(state: State, machine_type: MachineType) -> Iterator[RemitError]:
    """Yield what is wrong with a state's type, its Next or End, and what it calls; of an unknown type, that alone."""
    kind = state.fields.get("Type")
    if kind not in _TYPES:
        hint = did_you_mean(str(kind), _TYPES) or f"it can be {', '.join(_TYPES)}"
        yield RemitError(f"state {state.name} has no Type {kind!r:.40}", hint=hint, path=(*state.path, "Type"))
        return
    if kind not in _LAST and ("Next" in state.fields) == (state.fields.get("End") is True):
        yield RemitError(f"state {state.name} needs either Next or End", path=state.path)
    if machine_type == "EXPRESS" and state.is_distributed:
        hint = 'it takes type="STANDARD"; the ProcessorConfig of its own items may be EXPRESS'
        yield RemitError("an express workflow has no distributed Map", hint=hint, path=state.path)
    if kind == "Task":
        mistake = integration_mistake(str(state.fields.get("Resource", "")), is_express=machine_type == "EXPRESS")
        if mistake is not None:
            mistake.path = (*state.path, "Resource")
            yield mistake


def _items(value: Any) -> list[Any]:
    """The items of a list; none of what is no list."""
    return value if isinstance(value, list) else []
