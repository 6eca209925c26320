"""Addresses of the customers module's screens."""

from django.urls import path

from customers.views import (
    bulk,
    consents,
    copies,
    creation,
    exports,
    fields,
    follow_ups,
    imports,
    lists,
    notes,
    pages,
    palette,
    trash,
)

app_name = "customers"

urlpatterns = [
    path("customers/", lists.customer_list, name="list"),
    path("customers/new/", creation.customer_new, name="new"),
    path("customers/duplicates/", creation.duplicates, name="duplicates"),
    path("customers/companies/", creation.companies, name="companies"),
    path("customers/trash/", trash.trash, name="trash"),
    path("customers/bulk/", bulk.bulk, name="bulk"),
    path("customers/undo/", bulk.undo, name="undo"),
    path("customers/<int:customer_id>/", pages.customer_page, name="page"),
    path("customers/<int:customer_id>/panels/", pages.customer_panels, name="panels"),
    path("customers/<int:customer_id>/drawer/", pages.customer_drawer, name="drawer"),
    path("customers/<int:customer_id>/edit/", fields.customer_edit, name="edit"),
    path("customers/<int:customer_id>/fields/<slug:name>/", fields.customer_field, name="field"),
    path("customers/<int:customer_id>/timeline/", pages.customer_timeline, name="timeline"),
    path("customers/<int:customer_id>/notes/", notes.notes, name="notes"),
    path("customers/<int:customer_id>/follow-ups/", follow_ups.follow_ups, name="follow_ups"),
    path("customers/<int:customer_id>/consents/", consents.consents, name="consents"),
    path("customers/<int:customer_id>/copies/<int:copy_id>/", copies.customer_copy, name="copy"),
    path("copies/<str:ticket>/", copies.handed_copy, name="handed_copy"),
    path("customers/<int:customer_id>/trash/", trash.customer_trash, name="customer_trash"),
    path("customers/<int:customer_id>/restoration/", trash.customer_restoration, name="restoration"),
    path("customers/notes/<int:note_id>/", notes.note, name="note"),
    path("customers/notes/<int:note_id>/trash/", notes.note_trash, name="note_trash"),
    path("customers/notes/<int:note_id>/restoration/", notes.note_restoration, name="note_restoration"),
    path("customers/follow-ups/<int:follow_up_id>/done/", follow_ups.follow_up_done, name="follow_up_done"),
    path("customers/export/", exports.customer_export, name="export"),
    path("customers/import/", imports.imports, name="imports"),
    path("customers/import/<int:import_id>/", imports.import_page, name="import"),
    path("customers/import/<int:import_id>/plan/", imports.import_plan, name="import_plan"),
    path("customers/import/<int:import_id>/reading/", imports.import_reading, name="import_reading"),
    path("customers/import/<int:import_id>/state/", imports.import_state, name="import_state"),
    path("customers/import/<int:import_id>/errors/", imports.import_errors, name="import_errors"),
    path("search/", palette.palette, name="palette"),
]
