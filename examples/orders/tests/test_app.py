"""The handlers are plain functions: outside of Lambda the decorators do nothing."""

import app


def test_an_unknown_order_is_a_404(monkeypatch):
    class Table:
        def get_item(self, Key):
            return {}

    monkeypatch.setattr(app, "table", Table)
    assert app.web({"rawPath": "/nothing"}, None)["statusCode"] == 404
