"""What people set about themselves, and what they are told."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.records.errors import NotVisible
from crm.records.paging import begun_at
from crm.staff import notifications, services
from crm.staff.forms import AUTO, SeenForm, SettingsForm, ThemeForm, TokenForm
from crm.staff.models import User
from crm.staff.sessions import open_sessions


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return render_settings(request)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return render_settings(request, form=form, status=422)
    services.save_settings(member(request), **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("staff:settings")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    services.save_settings(member(request), theme=form.cleaned_data["theme"])
    return HttpResponse(status=204)


@require_POST
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """Answers with the page itself: the token's text is in no other answer."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return render_settings(request, token_form=form, status=422)
    _token, plain = services.create_token(member(request), name=form.cleaned_data["name"])
    return render_settings(request, new_token=plain, status=201)


@require_POST
def token_revocation(request: HttpRequest, token_id: int) -> HttpResponse:
    try:
        services.revoke_token(token_id, actor=member(request))
    except NotVisible:
        raise Http404 from None
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("staff:settings")


@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    try:
        services.end_session(member(request), session_id)
    except NotVisible:
        raise Http404 from None
    messages.success(request, _("That browser is signed out."))
    return redirect("staff:settings")


@require_POST
def other_sessions_end(request: HttpRequest) -> HttpResponse:
    services.end_sessions(member(request).pk, keep=request.session.session_key)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("staff:settings")


@require_GET
def notification_list(request: HttpRequest) -> HttpResponse:
    return render_notifications(request)


@require_POST
def notifications_seen(request: HttpRequest) -> HttpResponse:
    form = SeenForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    services.mark_notifications_seen(member(request), form.cleaned_data["seq"])
    if request.htmx:  # type: ignore[attr-defined]
        return render_notifications(request)
    return redirect("staff:notifications")


def render_settings(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    user = member(request)
    context.setdefault("form", SettingsForm(initial=own_settings(user)))
    context.setdefault("token_form", TokenForm())
    context["tokens"] = user.tokens.filter(revoked_at=None)
    context["sessions"] = open_sessions(user, request.session.session_key)
    return render(request, "staff/settings.html", context, status=status)


def own_settings(user: User) -> dict[str, str]:
    return {"theme": user.theme, "time_zone": user.time_zone or AUTO, "language": user.language or AUTO}


def render_notifications(request: HttpRequest) -> HttpResponse:
    """What is due and the newest that was given; with `before` an older stretch of that alone."""
    user, before = member(request), begun_at(request)
    found = notifications.assigned(user, before)
    assigned = found[: notifications.SHOWN]
    context = {
        "assigned": assigned,
        "older": assigned[-1].seq if len(found) > len(assigned) else None,
        "due": [] if before else notifications.due(user),
        "shown": notifications.SHOWN,
        "latest": 0 if before else max((each.seq or 0 for each in assigned), default=0),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "staff/notifications.html", context)
    return render(request, "staff/_notifications.html", context | {"unread": notifications.unread_count(user)})


def member(request: HttpRequest) -> User:
    """The user, whom the middleware has made sure of."""
    return cast("User", request.user)
