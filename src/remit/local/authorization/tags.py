"""The tags that a request puts on what it makes or changes, in the many ways in which APIs spell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MEMBERS: Final = ("Tags", "tags", "TagList", "TagSet", "TagSpecifications", "Tagging", "Tag")
_KEYS: Final = ("Key", "key", "TagKey", "tagKey")
_VALUES: Final = ("Value", "value", "TagValue", "tagValue")


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request by their keys; none where it has none."""
    tags: dict[str, str] = {}
    for name in _MEMBERS:
        tags.update(_tags(parameters.get(name)))
    configuration = parameters.get("CreateBucketConfiguration")
    if isinstance(configuration, dict):
        tags.update(_tags(configuration.get("Tags")))
    return tags


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    """The tags of a list of pairs, of a mapping, or of what holds such a list (`Tagging.TagSet`)."""
    if isinstance(value, list):
        for item in value:
            yield from _pair(item) if isinstance(item, dict) else ()
    elif isinstance(value, dict):
        inner = value.get("TagSet", value.get("Tags"))
        if isinstance(inner, list):
            yield from _tags(inner)
        else:
            yield from ((str(key), text) for key, text in value.items() if isinstance(text, str))


def _pair(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    nested = item.get("Tags")
    if isinstance(nested, list):
        yield from _tags(nested)
        return
    key = next((item[name] for name in _KEYS if name in item), None)
    value = next((item[name] for name in _VALUES if name in item), "")
    if isinstance(key, str):
        yield key, str(value)
