"""CSV as an answer: made while it is sent, so that a slow reader holds no memory and no database connection."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from crm.records.transfer import csv_lines

BLOCK = 500  # lines sent at once


def csv_download(name: str, rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """A file called `name`; `rows` are asked for as they are needed."""
    response = StreamingHttpResponse(blocks(csv_lines(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


async def blocks(lines: Iterator[str]) -> AsyncIterator[str]:
    """Under ASGI a plain iterator would be read to its end before the first byte is sent."""
    while block := await sync_to_async(next_block)(lines):
        yield block


def next_block(lines: Iterator[str]) -> str:
    block = "".join(islice(lines, BLOCK))
    if not connection.in_atomic_block:  # as it is in tests
        connection.close()
    return block
