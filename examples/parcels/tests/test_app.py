"""The handlers are plain functions, and a workflow is none: outside of Lambda the decorators do nothing."""

import app


def test_an_item_weighs_a_quarter_of_a_kilogram():
    assert app.weigh({"id": "a", "count": 3}, None) == {"id": "a", "grams": 750}
