"""Notes about a customer: written, changed by who wrote them, taken back and brought back."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.records.errors import Conflict
from crm.staff.middleware import StaffRequest
from customers import services
from customers.forms import NoteForm
from customers.models import Note
from customers.reading import read_customer
from customers.views.answers import refusing, with_toast
from customers.views.fields import posted_version


@require_POST
@refusing
def notes(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Writes a note; answers the empty composer. The note itself arrives with the timeline."""
    customer, form = read_customer(customer_id, request.user), NoteForm(request.POST, auto_id=False)
    status = 422
    if form.is_valid():
        services.add_note(customer_id, actor=request.user, body=form.cleaned_data["body"])
        form, status = NoteForm(auto_id=False), 200
    if not request.htmx and status == 200:
        return redirect("customers:page", customer_id)
    return render(request, "customers/_composer.html", {"customer": customer, "note_form": form}, status=status)


@require_http_methods(["GET", "POST"])
@refusing
def note(request: StaffRequest, note_id: int) -> HttpResponse:
    """The note as a form; with `?read` as text; POST saves it."""
    held = services.own_note(note_id, request.user)
    if request.method == "GET" and "read" in request.GET:
        return show_note(request, held)
    form = NoteForm(request.POST or None, initial={"body": held.body}, auto_id=False)
    if request.method == "GET" or not form.is_valid():
        context = {"note": held, "note_form": form, "version": request.POST.get("version", held.version)}
        return render(request, "customers/_note_form.html", context, status=200 if request.method == "GET" else 422)
    version, body = posted_version(request), form.cleaned_data["body"]
    try:
        return show_note(request, services.edit_note(note_id, actor=request.user, version=version, body=body))
    except Conflict as conflict:
        context = {"note": held, "note_form": form, "version": conflict.version, "theirs": held.body}
        return render(request, "customers/_note_form.html", context, status=409)


def show_note(request: StaffRequest, held: Note) -> HttpResponse:
    return render(request, "customers/_note.html", {"note": held})


@require_POST
@refusing
def note_trash(request: StaffRequest, note_id: int) -> HttpResponse:
    """Takes an own note back; its place on the page goes."""
    services.trash_note(note_id, actor=request.user)
    undo = reverse("customers:note_restoration", args=[note_id])
    return with_toast(HttpResponse(), _("Note taken back."), undo=undo)


@require_POST
@refusing
def note_restoration(request: StaffRequest, note_id: int) -> HttpResponse:
    services.trash_note(note_id, actor=request.user, deleted=False)
    return with_toast(HttpResponse(status=204), _("Note brought back."))
