"""Follow-ups of a customer: planned, done, and open again."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.staff.middleware import StaffRequest
from customers import services
from customers.forms import FollowUpForm, next_morning
from customers.reading import follow_ups_of, may_edit, read_customer
from customers.views.answers import refusing, with_toast


@require_http_methods(["GET", "POST"])
@refusing
def follow_ups(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Those that wait; POST adds one and answers the form anew, with the list beside it."""
    customer = read_customer(customer_id, request.user)
    context = {"customer": customer, "may_edit": may_edit(customer, request.user)}
    if request.method == "GET":
        context["follow_ups"] = follow_ups_of(customer_id, request.user)
        return render(request, "customers/_follow_up_list.html", context)
    form = FollowUpForm(request.POST, auto_id=False)
    if not add(request, customer_id, form):
        return render(request, "customers/_follow_up_form.html", context | {"follow_up_form": form}, status=422)
    if not request.htmx:
        return redirect("customers:page", customer_id)
    context["follow_up_form"] = FollowUpForm(initial={"due_at": next_morning()}, auto_id=False)
    context["follow_ups"] = follow_ups_of(customer_id, request.user)
    return render(request, "customers/_follow_up_added.html", context)


def add(request: StaffRequest, customer_id: int, form: FollowUpForm) -> bool:
    if not form.is_valid():
        return False
    try:
        services.add_follow_up(customer_id, actor=request.user, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    return True


@require_POST
@refusing
def follow_up_done(request: StaffRequest, follow_up_id: int) -> HttpResponse:
    """Done, or with `?open` open again; answers the customer's list."""
    done = "open" not in request.GET
    follow_up = services.complete_follow_up(follow_up_id, actor=request.user, done=done)
    customer_id = follow_up.customer_id
    if not request.htmx:
        return redirect("customers:page", customer_id)
    waiting = follow_ups_of(customer_id, request.user)
    context = {"customer": {"id": customer_id}, "may_edit": True, "follow_ups": waiting}
    response = render(request, "customers/_follow_up_list.html", context)
    if not done:
        return with_toast(response, _("Open again."))
    undo = f"{reverse('customers:follow_up_done', args=[follow_up_id])}?open"
    return with_toast(response, _("Done: %s") % follow_up.title, undo=undo)
