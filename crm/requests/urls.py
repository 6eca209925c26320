"""Addresses of customers' requests."""

from django.urls import path, re_path

from crm.requests import sending, views
from crm.requests.desk import views as desk

app_name = "requests"

urlpatterns = [
    path("requests/", views.request_board, name="board"),
    path("requests/all/", views.request_list, name="list"),
    path("requests/<int:request_id>/", views.request_page, name="page"),
    path("requests/<int:request_id>/state/", views.request_state, name="state"),
    re_path(
        r"^requests/(?P<request_id>\d{1,18})/(?P<verb>cancellation|retry|discard|taking|return)/$",
        views.request_verb,
        name="verb",
    ),
    path("requests/mine/", desk.desk, name="desk"),
    path("requests/<int:request_id>/reply/", desk.reply, name="reply"),
    path("requests/of/<int:customer_id>/", views.customer_requests, name="of_customer"),
    path("requests/of/<int:customer_id>/new/", sending.new_request, name="new"),
]
