"""The addresses of the whole site; each module has its own list."""

from django.contrib import admin
from django.urls import include, path, re_path

from crm.api.site import api, unknown_address
from crm.metrics import metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    re_path("^api/", unknown_address),
    path("metrics", metrics, name="metrics"),
    path("", include("customers.urls")),
    path("", include("crm.staff.urls")),
    path("", include("reporting.urls")),
]
