"""The order API."""

import json
import os
from uuid import uuid4

import boto3
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from shop import storage

api = FastAPI(title="Shop")


class Order(BaseModel):
    item: str = Field(min_length=1)
    price: int = Field(ge=0)  # cents
    count: int = Field(default=1, ge=1, le=100)


@api.post("/orders", status_code=201)
def place(order: Order):
    placed = {"id": uuid4().hex, "status": "placed", **order.model_dump()}
    storage.table().put_item(Item=placed)
    boto3.client("sqs").send_message(QueueUrl=os.environ["TO_PACK"], MessageBody=json.dumps(placed))
    return placed


@api.get("/orders/{number}")
def look_up(number: str):
    order = storage.table().get_item(Key={"id": number}).get("Item")
    if order is None:
        raise HTTPException(404, "no such order")
    return order


@api.post("/pictures/{name}")
def upload(name: str):
    """Give an address where the picture can be put."""
    return {"put": _address("put_object", f"originals/{name}")}


@api.get("/pictures/{name}")
def picture(name: str):
    return {"thumbnail": _address("get_object", f"thumbnails/{name}")}


def _address(operation, key):
    return storage.files().generate_presigned_url(operation, {"Bucket": storage.bucket(), "Key": key}, ExpiresIn=300)
