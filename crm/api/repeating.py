"""What a kept answer may say when it is given again: what the reader may see by now, not what she could see then."""

import json
from typing import Any

from django.urls import resolve

from crm.api.answers import as_json
from crm.records.models import Reader
from crm.records.projection import mask
from crm.records.registry import record_type

RECORDS = {"customer_id": "customer", "follow_up_id": "followup", "request_id": "request"}  # by addresses' arguments


def is_in_sight(address: str, reader: Reader) -> bool:
    """Whether the reader may see the record at this address, or above it, be it in the trash; with none: yes."""
    for name, number in resolve(address).kwargs.items():
        kind = record_type(RECORDS[name])
        assert kind is not None
        prefix = f"{kind.model.root_record}__" if kind.model.root_column else ""
        if not kind.model._default_manager.filter(reader.access.q("view", prefix), pk=number).exists():
            return False
    return True


def as_read(body: str, reader: Reader) -> str:
    """The same, byte for byte, to who sees contact details; to others without them."""
    if reader.access.sees_contacts:
        return body
    customer = record_type("customer")
    assert customer is not None
    said: dict[str, Any] = customer.projection.reading(json.loads(body), sees_contacts=False)
    if "result" in said:  # of a request
        said["result"] = None
    for name in customer.projection.contact & said.get("conflicts", {}).keys():
        said["conflicts"][name] = {side: mask(value) for side, value in said["conflicts"][name].items()}
    return as_json(said)
