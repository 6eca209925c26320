"""The screens of an import: hand over a file, say what its columns are, see it checked, let it run."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.records.downloads import csv_download
from crm.records.paging import begun_at
from crm.staff.middleware import StaffRequest
from customers.imports import errors, services
from customers.imports.forms import PlanForm, ReadingForm, UploadForm
from customers.imports.live import IMPORT
from customers.imports.models import Import, ImportLine
from customers.imports.plan import Plan
from customers.models import Tag
from customers.views.answers import refusing
from customers.views.stretches import stretch_of

IMPORTS = 20
MOST_KEPT = 50

State = Import.State


@require_http_methods(["GET", "POST"])
@refusing
def imports(request: StaffRequest) -> HttpResponse:
    """The imports so far, and the place to hand over a file."""
    services.may_import(request.user)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            return redirect(services.start_import(file, file.name, actor=request.user))
        except ValidationError as error:
            form.add_error("file", error)
    batches = stretch_of(Import.objects.visible_to(request.user).select_related("owner"), begun_at(request), IMPORTS)
    context = {"form": form, "batches": batches, "most_bytes": settings.IMPORT_MAX_BYTES}
    return render(request, "customers/imports.html", context, status=422 if form.is_bound else 200)


@require_GET
@refusing
def import_page(request: StaffRequest, import_id: int) -> HttpResponse:
    """What the import's state asks for: its columns, its progress or its outcome."""
    return show(request, services.visible_import(import_id, request.user))


@require_POST
@refusing
def import_plan(request: StaffRequest, import_id: int) -> HttpResponse:
    """Says what the columns are; the file is then checked."""
    batch = services.editable_import(import_id, request.user)
    form = plan_form(batch, request.POST)
    if form.is_valid():
        try:
            return redirect(services.plan_import(import_id, form.plan(), actor=request.user))
        except ValidationError as error:
            form.add_error(None, error.messages)
    return show(request, batch, form=form, status=422)


@require_POST
@refusing
def import_reading(request: StaffRequest, import_id: int) -> HttpResponse:
    """Reads the file in another encoding or with another delimiter."""
    batch = services.editable_import(import_id, request.user)
    form = ReadingForm(request.POST)
    if form.is_valid():
        try:
            return redirect(services.change_reading(import_id, actor=request.user, **form.cleaned_data))
        except ValidationError as error:
            form.add_error("encoding", error.messages)
    return show(request, batch, reading_form=form, status=422)


@require_POST
@refusing
def import_state(request: StaffRequest, import_id: int) -> HttpResponse:
    """Lets the import run, stop, go on, be undone or have its columns changed."""
    try:
        services.move_import(import_id, request.POST.get("state", ""), actor=request.user)
    except ValidationError as error:
        batch = services.visible_import(import_id, request.user)
        return show(request, batch, complaint=" ".join(error.messages), status=422)
    return redirect("customers:import", import_id)


@require_GET
@refusing
def import_errors(request: StaffRequest, import_id: int) -> HttpResponseBase:
    """The rows that failed, each with its reason."""
    batch = services.editable_import(import_id, request.user)
    return csv_download(f"errors-{batch.file_name}", errors.error_rows(batch))


def show(request: StaffRequest, batch: Import, *, status: int = 200, **context: Any) -> HttpResponse:
    may_edit = services.may_edit(batch, request.user)
    context |= {"batch": batch, "row": IMPORT.project(vars(batch)), "tag": tag_of(batch), "may_edit": may_edit}
    if batch.state == State.UPLOADED and batch.has_file and may_edit:
        context.setdefault("form", plan_form(batch))
        context.setdefault("reading_form", ReadingForm(initial=batch.reading))
    if batch.state == State.UNDONE:
        kept = ImportLine.objects.filter(batch=batch, customer__isnull=False).exclude(reason="")
        context["kept"] = kept.select_related("customer")[:MOST_KEPT]
    return render(request, "customers/import.html", context, status=status)


def plan_form(batch: Import, data: Any = None) -> PlanForm:
    found = services.sample(batch)
    return PlanForm(found.header, found.rows, Plan.parse(batch.plan), data)


def tag_of(batch: Import) -> Tag | None:
    """The tag by which the list shows what was imported."""
    names = Plan.parse(batch.plan).tags
    return Tag.objects.filter(name__iexact=names[0]).first() if names else None
