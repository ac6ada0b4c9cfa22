"""Count the orders."""

import json

from shop import storage
from shop.packing import worth


def write():
    pages = storage.table().meta.client.get_paginator("scan").paginate(TableName=storage.table().name)
    orders = [order for page in pages for order in page["Items"]]
    counted = {"orders": len(orders), "worth": sum(map(worth, orders))}
    storage.files().put_object(Bucket=storage.bucket(), Key="reports/latest.json", Body=json.dumps(counted).encode())
    return counted
