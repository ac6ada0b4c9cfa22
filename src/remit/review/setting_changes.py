"""Compare what the resources of two versions say about access outside of policies, property by property."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from remit.catalogue.type_access import STRONG_SIGNS
from remit.review.access_change import AccessSetting, Door, Given, NotCompared, UnreadPolicy

_NOTHING: Final = Given("")
_NOBODY, _EVERYBODY, _NOT_SET = "nobody", "everybody", "not set"
_ABSENT, _OTHER, _PUBLIC = "-", "*", "!"
_UNASKED: Final = ("NONE", _NOT_SET)
"""The values of an authorization that asks nobody."""
_NO_VALUES: Final = AccessSetting("", "", "", ())
_BY_PRESENCE: Final = [_ABSENT, _OTHER]
"""The order of what opens something by being there, whatever its value is."""
_PROFILES: Final = ("AWS::IAM::InstanceProfile", "aws_iam_instance_profile")
"""Types by which nobody acts: what has one does."""
_GRANTING: Final = ("grant", "member")


@dataclass(frozen=True, slots=True)
class RoleUse:
    """A role that a resource hands over and that is another one now, by the texts that name both."""

    resource: str
    property: str
    type: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class SettingChanges:
    """What differs of one resource."""

    doors: tuple[Door, ...] = ()
    unread: tuple[UnreadPolicy, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    uses: tuple[RoleUse, ...] = ()


def setting_changes(
    name: str, before: Given | None, after: Given | None, own_roles: Collection[str] = ()
) -> SettingChanges:
    """The differences between the settings of a resource; `before` is None for one that is new, `after` for one gone.

    `own_roles` are the texts that name roles which one version alone has: what they give is told with them.
    """
    comparison = _Comparison(name, before, after, own_roles)
    old, new = _by_path(before, after), _by_path(after, before)
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key, _NO_VALUES), new.get(key, _NO_VALUES)
        is_unset = before is None and not now.values  # which may be as open as can be
        if was.values != now.values or is_unset:
            comparison.compare(now if key in new else was, was.values, now.values)
    return SettingChanges(
        tuple(dict.fromkeys(comparison.doors)),
        tuple(dict.fromkeys(comparison.unread)),
        tuple(dict.fromkeys(comparison.not_compared)),
        tuple(comparison.uses),
    )


def _by_path(given: Given | None, other: Given | None) -> dict[tuple[str, str], AccessSetting]:
    """The settings of one side, for a comparison with the other, by path and kind."""
    settings = () if given is None else given.beside(other).settings
    return {(setting.path, setting.kind): setting for setting in settings}


class _Comparison:
    """What differs of one resource, gathered."""

    def __init__(self, name: str, before: Given | None, after: Given | None, own_roles: Collection[str]) -> None:
        self._name = name
        self._type = (after or before or _NOTHING).type
        self._is_new, self._is_gone = before is None, after is None
        self._own_roles = own_roles
        self.doors: list[Door] = []
        self.unread: list[UnreadPolicy] = []
        self.not_compared: list[NotCompared] = []
        self.uses: list[RoleUse] = []

    def compare(self, setting: AccessSetting, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Compare the values of one setting, which differ, by its kind and order, and add what follows to the lists."""
        if setting.kind == "role":
            self._role(setting, was, now)
        elif setting.kind in ("network", "unknown"):
            self._beyond(setting)
        elif setting.opens in ("adds", "any of") or (setting.kind in _GRANTING and (self._is_new or self._is_gone)):
            self._items(setting, was, now)
        elif setting.opens in ("another", "limit"):
            if was and now:
                self._undecided(setting, was, now)
            elif setting.opens == "limit" and not (self._is_new or self._is_gone):
                self._door(setting, _listed(was), _listed(now), opens=not now)
        elif setting.opens == "any":
            if not (self._is_new or self._is_gone):
                self._undecided(setting, was, now)
        else:
            self._order(setting, was, now)

    def _role(self, setting: AccessSetting, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Compare roles that are handed over: as many as there were become uses, the others are doors.

        No doors are those of an instance profile, and of a new or gone resource the roles that one version alone has.
        """
        removed = [role for role in was if role not in now]
        added = [role for role in now if role not in was]
        for old_role, new_role in zip(removed, added, strict=False):
            self.uses.append(RoleUse(self._name, setting.path, self._type, old_role, new_role))
        if self._type in _PROFILES:
            return
        is_told_by_itself = self._own_roles if self._is_new or self._is_gone else ()
        for role in added[len(removed) :]:
            if role not in is_told_by_itself:
                self.doors.append(Door(self._id(setting), _NOBODY, acts_as(role), opens=True, origin=setting.origin))
        for role in removed[len(added) :]:
            if role not in is_told_by_itself:
                self.doors.append(Door(self._id(setting), acts_as(role), _NOBODY, opens=False, origin=setting.origin))

    def _beyond(self, setting: AccessSetting) -> None:
        """Note that a setting is not compared.

        What strongly looks like access is unread as well; the network of a new or deleted resource is left out.
        """
        if (self._is_new or self._is_gone) and setting.path and setting.kind == "network":
            return  # its own rules are told where they stand
        why = "network" if setting.kind == "network" else setting.opens
        self.not_compared.append(NotCompared(self._type, self._name, setting.path, why))
        if why.startswith("unknown") and re.search(STRONG_SIGNS, setting.path):
            reason = f"{self._subject}: nobody knows what {setting.path} gives, which differs"
            self.unread.append(UnreadPolicy("", reason))

    def _items(self, setting: AccessSetting, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Compare a list of which each item lets in more; of some, no item at all lets in all.

        A new resource's doors are left out, and so are a gone one's but its grants and members.
        """
        old_items, new_items = _listed(was), _listed(now)
        if setting.opens == "any of" and (not was or not now):
            if not (self._is_new or self._is_gone):
                self._door(setting, old_items, new_items, opens=not now)
        elif self._is_new and setting.kind == "door":
            return
        elif not set(now) <= set(was):
            self._door(setting, old_items, new_items, opens=True)
        elif not self._is_gone or setting.kind in _GRANTING:
            self._door(setting, old_items, new_items, opens=False)

    def _order(self, setting: AccessSetting, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Compare one value in an order of openness: a door opens or closes, or nobody knows (`_undecided`).

        A new resource opens a door only with a public value or the most open one, a gone one if it was a limit.
        """
        levels = [level.removesuffix(_PUBLIC) for level in setting.opens.split("<")]
        old_level, new_level = _level(levels, was), _level(levels, now)
        is_public = setting.opens.split("<")[new_level].endswith(_PUBLIC) if new_level >= 0 else False
        if levels == _BY_PRESENCE and not (was and now):
            self._door(setting, _present(was), _present(now), opens=bool(now))
        elif self._is_gone:
            if levels[-1] == _ABSENT:  # it was a limit itself
                self._door(setting, _listed(was), _NOT_SET, opens=True)
        elif self._is_new and new_level >= 0:
            if is_public or (now and new_level == len(levels) - 1):
                self._door(setting, _NOBODY, _listed(now), opens=True, public=is_public)
        elif old_level < 0 or new_level < 0:
            self._undecided(setting, was, now)
        elif old_level != new_level:
            opens = new_level > old_level
            self._door(setting, _listed(was), _listed(now), opens=opens, public=is_public and opens)
        elif "~" in levels[new_level] or levels == _BY_PRESENCE:
            self._undecided(setting, was, now)

    def _door(self, setting: AccessSetting, was: str, now: str, *, opens: bool, public: bool = False) -> None:
        """Note that a setting opens or closes a door; an absent value that lets in anybody is told as everybody."""
        was_public = not opens and setting.opens.endswith(_PUBLIC)
        old_words = _EVERYBODY if was_public and was in _UNASKED else was
        new_words = _EVERYBODY if public and now in _UNASKED else now
        is_public = public and not setting.is_limited
        self.doors.append(Door(self._id(setting), old_words, new_words, opens, is_public, setting.origin))

    def _undecided(self, setting: AccessSetting, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Note that a setting differs in a way that is not known to open or close.

        The words have its values, or those added and removed.
        """
        name = setting.path
        if setting.path and len(was) <= 1 and len(now) <= 1:
            words = f"{name} is {_listed(now)} in place of {_listed(was)}"
        else:
            added = [f"now with {text}" for text in sorted(set(now) - set(was))]
            removed = [f"no longer with {text}" for text in sorted(set(was) - set(now))]
            words = ", ".join((*added, *removed))
        self.unread.append(UnreadPolicy("", f"{self._subject}: {words}"))

    @property
    def _subject(self) -> str:
        return f"{self._name} ({self._type})"

    def _id(self, setting: AccessSetting) -> str:
        return setting.door or f"{self._name} {setting.path}".rstrip()


def _level(levels: list[str], values: tuple[str, ...]) -> int:
    """The position of a value in an order, from 0; -1 for several values, and for one that the order does not have."""
    if len(values) > 1:
        return -1
    text = values[0] if values else _ABSENT
    for number, level in enumerate(levels):
        if text in re.split("[=~]", level):
            return number
    others = [number for number, level in enumerate(levels) if _OTHER in re.split("[=~]", level)]
    return others[0] if others and values and "${" not in text else -1


def acts_as(role: str) -> str:
    """A role that is handed over, as people read it: `acts as Worker` for `${Worker.Arn}`."""
    return f"acts as {role.removeprefix('${').removesuffix('}').removesuffix('.Arn')}"


def _present(values: tuple[str, ...]) -> str:
    return "set" if values else _NOT_SET


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(re.sub(r"\(not shown\) \w+", "(not shown)", text) for text in values) or _NOT_SET
