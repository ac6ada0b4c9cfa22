"""The modules of the shop are plain Python: outside of Lambda the decorators do nothing."""

import app
from shop import packing


def test_an_order_is_worth_its_price_for_each_piece():
    assert packing.worth({"price": 250, "count": 3}) == 750


def test_an_order_that_cannot_be_read_is_handed_back():
    records = [{"messageId": "1", "body": "not JSON"}]
    assert app.pack({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
