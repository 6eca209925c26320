"""The addresses of the whole site; each module has its own list."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from crm.api.site import api, unknown_address
from crm.metrics import metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    re_path("^api/", unknown_address),
    path("metrics", metrics, name="metrics"),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=lazy(static, str)("icons/pulse.svg")))),
    path("", include("customers.urls")),
    path("", include("crm.requests.urls")),
    path("", include("crm.outbox.urls")),
    path("", include("crm.staff.urls")),
    path("", include("reporting.urls")),
]
