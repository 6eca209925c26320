"""The customers' part of the API: the pages' own reads and services, for programs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from crm.api.answers import answer, no_content
from crm.api.auth import asker
from crm.api.idempotency import idempotent
from crm.records.errors import NotVisible
from crm.records.paging import Sort, by_time, page
from crm.records.projection import Projection
from crm.staff.models import User
from customers import schemas, services
from customers.filters import CustomerFilter, sort_named
from customers.live import CUSTOMER, FOLLOW_UP, NOTE
from customers.models import Customer, FollowUp, Note
from customers.reading import read_customer

router = Router(tags=["customers"])

NEWEST_FIRST = by_time("created_at", descending=True)
NEXT_DUE_FIRST = by_time("due_at", descending=False)


@router.get("", response=schemas.CustomerPage, url_name="customers")
def list_customers(request: HttpRequest, wanted: Query[schemas.CustomerQuery]) -> HttpResponse:
    """Customers that you may see, a page at a time."""
    user = asker(request)
    conditions = CustomerFilter.parse(wanted.conditions())
    rows = Customer.objects.visible_to(user).matching(conditions, user.access)
    return page_answer(user, rows, sort_named(wanted.sort), CUSTOMER, wanted)


@router.post("", response={201: schemas.CustomerRead}, url_name="customers")
@idempotent
def create_customer(request: HttpRequest, given: schemas.NewCustomer) -> HttpResponse:
    """A new customer; yours and your team's unless you say otherwise."""
    user = asker(request)
    customer = services.create_customer(actor=user, **given.said())
    address = reverse("api:customer", args=[customer.pk])
    return answer(as_read(CUSTOMER.project(vars(customer)), user), 201, Location=address)


@router.get("/{int:customer_id}", response=schemas.CustomerRead, url_name="customer")
def get_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One customer at its present version."""
    return answer(read_customer(customer_id, asker(request)))


@router.patch("/{int:customer_id}", response=schemas.CustomerRead, url_name="customer")
@idempotent
def update_customer(request: HttpRequest, customer_id: int, given: schemas.CustomerChanges) -> HttpResponse:
    """Changes the fields that you send. What others changed since is kept; in the same field it is a conflict."""
    user, changes = asker(request), given.said()
    version = changes.pop("version")
    return answer(as_read(services.update_customer(customer_id, actor=user, version=version, changes=changes), user))


@router.delete("/{int:customer_id}", response={204: None}, url_name="customer")
@idempotent
def delete_customer(request: HttpRequest, customer_id: int, version: Query[schemas.Id]) -> HttpResponse:
    """Puts a customer into the trash, if it is still at this version."""
    services.trash_customer(customer_id, actor=asker(request), version=version)
    return no_content()


@router.post("/{int:customer_id}/restore", response=schemas.CustomerRead, url_name="customer_restore")
@idempotent
def restore_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Takes a customer out of the trash; a second time changes nothing."""
    user = asker(request)
    return answer(as_read(services.restore_customer(customer_id, actor=user), user))


@router.get("/{int:customer_id}/notes", response=schemas.NotePage, url_name="notes")
def list_notes(request: HttpRequest, customer_id: int, wanted: Query[schemas.Place]) -> HttpResponse:
    """The notes about a customer, the newest first."""
    user = asker(request)
    return page_answer(user, children(Note, customer_id, user), NEWEST_FIRST, NOTE, wanted)


@router.post("/{int:customer_id}/notes", response={201: schemas.NoteRead}, url_name="notes")
@idempotent
def add_note(request: HttpRequest, customer_id: int, given: schemas.NewNote) -> HttpResponse:
    note = services.add_note(customer_id, actor=asker(request), body=given.body)
    return answer(NOTE.project(vars(note)), 201)


@router.get("/{int:customer_id}/follow-ups", response=schemas.FollowUpPage, url_name="follow_ups")
def list_follow_ups(request: HttpRequest, customer_id: int, wanted: Query[schemas.Place]) -> HttpResponse:
    """What there is and was to do about a customer, by the time it is due."""
    user = asker(request)
    return page_answer(user, children(FollowUp, customer_id, user), NEXT_DUE_FIRST, FOLLOW_UP, wanted)


@router.post("/{int:customer_id}/follow-ups", response={201: schemas.FollowUpRead}, url_name="follow_ups")
@idempotent
def add_follow_up(request: HttpRequest, customer_id: int, given: schemas.NewFollowUp) -> HttpResponse:
    """A to-do for the assignee; for you when you name nobody."""
    follow_up = services.add_follow_up(
        customer_id, actor=asker(request), title=given.title, due_at=given.due_at, assignee_id=given.assignee
    )
    return follow_up_answer(follow_up, 201)


@router.patch("/follow-ups/{int:follow_up_id}", response=schemas.FollowUpRead, url_name="follow_up")
@idempotent
def edit_follow_up(request: HttpRequest, follow_up_id: int, given: schemas.FollowUpChanges) -> HttpResponse:
    """Changes what you send, if it is still at this version."""
    changes = given.said()
    version = changes.pop("version")
    return follow_up_answer(
        services.edit_follow_up(follow_up_id, actor=asker(request), version=version, changes=changes)
    )


@router.post("/follow-ups/{int:follow_up_id}/completion", response=schemas.FollowUpRead, url_name="completion")
@idempotent
def complete_follow_up(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """Marks it done; a second time changes nothing."""
    return follow_up_answer(services.complete_follow_up(follow_up_id, actor=asker(request)))


@router.delete("/follow-ups/{int:follow_up_id}/completion", response=schemas.FollowUpRead, url_name="completion")
@idempotent
def reopen_follow_up(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """Opens it again; a second time changes nothing."""
    return follow_up_answer(services.complete_follow_up(follow_up_id, actor=asker(request), done=False))


def follow_up_answer(follow_up: FollowUp, status: int = 200) -> HttpResponse:
    return answer(FOLLOW_UP.project(vars(follow_up)), status)


def children(model: type[Note] | type[FollowUp], customer_id: int, user: User) -> Any:
    """The records on a customer's timeline that are not in the trash; raises NotVisible with the customer."""
    if not Customer.objects.visible_to(user).filter(pk=customer_id).exists():
        raise NotVisible
    return model.objects.open().filter(customer_id=customer_id)


def page_answer(user: User, rows: Any, sort: Sort, projection: Projection, place: schemas.Place) -> HttpResponse:
    found = page(rows, sort, projection.project, projection.columns, after=place.after, limit=place.limit)
    sees = user.access.sees_contacts
    return answer({"items": [projection.reading(row, sees) for row in found.rows], "next": found.next})


def as_read(projected: dict[str, Any], user: User) -> dict[str, Any]:
    return CUSTOMER.reading(projected, user.access.sees_contacts)
