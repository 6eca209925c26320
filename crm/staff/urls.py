"""Addresses of one's own things, and of the browsers' reports."""

from django.urls import path

from crm.staff import csp, views

app_name = "staff"

urlpatterns = [
    path("me/", views.settings_page, name="settings"),
    path("me/theme/", views.theme, name="theme"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<int:token_id>/revocation/", views.token_revocation, name="token_revocation"),
    path("me/sessions/end/", views.other_sessions_end, name="other_sessions_end"),
    path("me/sessions/<int:session_id>/end/", views.session_end, name="session_end"),
    path("notifications/", views.notification_list, name="notifications"),
    path("notifications/seen/", views.notifications_seen, name="notifications_seen"),
    path("csp-report/", csp.csp_report, name="csp_report"),
]
