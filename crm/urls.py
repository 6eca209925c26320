"""The addresses of the whole site; each module has its own list."""

from django.contrib import admin
from django.urls import include, path

from crm.api.site import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    path("", include("crm.staff.urls")),
]
