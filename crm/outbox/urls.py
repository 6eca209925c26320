"""Addresses of the outbox."""

from django.urls import path, re_path

from crm.outbox import views

app_name = "outbox"

urlpatterns = [
    path("outbox/", views.dispatch_list, name="list"),
    path("outbox/<int:dispatch_id>/", views.dispatch_page, name="page"),
    re_path(r"^outbox/(?P<dispatch_id>\d{1,18})/(?P<verb>retry|discard)/$", views.dispatch_verb, name="verb"),
]
