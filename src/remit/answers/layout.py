"""Add an item to a list, a tuple or the arguments of a call, in the layout that it has in the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

_Space = cst.BaseParenthesizableWhitespace
_Item = TypeVar("_Item", cst.BaseElement, cst.Arg)
_INDENT = "    "


def with_argument(call: cst.Call, argument: cst.Arg) -> cst.Call:
    """The call with one more argument, its last."""
    closing: _Space = cst.SimpleWhitespace("")
    if call.args:
        last = call.args[-1]
        closing = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else last.whitespace_after_arg
    opening, items, closing = _appended(call.args, argument, call.whitespace_before_args, closing)
    *first, last = items
    if not isinstance(last.comma, cst.Comma):
        last = last.with_changes(whitespace_after_arg=closing)
    # What stood before the closing bracket stands after the new argument now.
    first = [item.with_changes(whitespace_after_arg=cst.SimpleWhitespace("")) for item in first]
    return call.with_changes(args=[*first, last], whitespace_before_args=opening)


def with_element(sequence: cst.List | cst.Tuple, element: cst.BaseElement) -> cst.List | cst.Tuple:
    """The list, or the tuple in parentheses, with one more element, its last."""
    left = sequence.lbracket if isinstance(sequence, cst.List) else sequence.lpar[0]
    right = sequence.rbracket if isinstance(sequence, cst.List) else sequence.rpar[-1]
    space = left.whitespace_after, right.whitespace_before
    opening, items, closing = _appended(sequence.elements, element, *space)
    if isinstance(items[-1].comma, cst.Comma):  # what precedes the bracket is the bracket's own
        items[-1] = items[-1].with_changes(comma=cst.Comma())
    if isinstance(sequence, cst.List):
        return sequence.with_changes(
            elements=items,
            lbracket=sequence.lbracket.with_changes(whitespace_after=opening),
            rbracket=sequence.rbracket.with_changes(whitespace_before=closing),
        )
    return sequence.with_changes(
        elements=items,
        lpar=[sequence.lpar[0].with_changes(whitespace_after=opening), *sequence.lpar[1:]],
        rpar=[*sequence.rpar[:-1], sequence.rpar[-1].with_changes(whitespace_before=closing)],
    )


def _appended(
    items: Sequence[_Item], new: _Item, opening: _Space, before_closing: _Space
) -> tuple[_Space, list[_Item], _Space]:
    """Return the space after the opening bracket, the items with the new one, and the space before the closing bracket.

    The new item has a comma after it where the last one had, and a line of its own where they have.
    """
    if not items:
        return _in_empty_brackets(new, opening)
    *first, last = items
    closing = without_comments(before_closing)
    separator = cst.Comma(whitespace_after=_separator(items, opening, before_closing))
    has_trailing_comma = isinstance(last.comma, cst.Comma)
    last = last.with_changes(comma=separator)
    if has_trailing_comma:
        new = new.with_changes(comma=cst.Comma(whitespace_after=closing))
    return opening, [*first, last, new], closing


def _in_empty_brackets(new: _Item, inside: _Space) -> tuple[_Space, list[_Item], _Space]:
    """An item in brackets that hold nothing: on its line, or indented in lines of its own.

    Comments in the brackets stay before it.
    """
    if not isinstance(inside, cst.ParenthesizedWhitespace):
        return cst.SimpleWhitespace(""), [new], cst.SimpleWhitespace("")
    closing = without_comments(inside)
    indented = inside.with_changes(last_line=cst.SimpleWhitespace(inside.last_line.value + _INDENT))
    return indented, [new.with_changes(comma=cst.Comma(whitespace_after=closing))], closing


def _separator(items: Sequence[_Item], opening: _Space, closing: _Space) -> _Space:
    """The white space between the last item and a new one; comments behind the last item stay there."""
    gap = gap_between(items, opening)
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return gap
    if isinstance(gap, cst.ParenthesizedWhitespace):
        return closing.with_changes(indent=gap.indent, last_line=gap.last_line)
    if closing.first_line.comment is None and not closing.empty_lines:
        return gap
    return closing.with_changes(last_line=cst.SimpleWhitespace(closing.last_line.value + _INDENT))


def gap_between(items: Sequence[_Item | cst.ImportAlias], opening: _Space) -> _Space:
    """The white space behind the commas of items: with a new line where each has its own."""
    if len(items) > 1 and isinstance(items[-2].comma, cst.Comma):
        return without_comments(items[-2].comma.whitespace_after)
    return without_comments(opening) if isinstance(opening, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")


def without_comments(space: _Space) -> _Space:
    """White space with its new lines and indents alone."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    newline = space.first_line.with_changes(whitespace=cst.SimpleWhitespace(""), comment=None)
    return space.with_changes(first_line=newline, empty_lines=())
