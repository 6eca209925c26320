"""The desk, and what is said of a request there: its topic and priority, and the answer."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.records.errors import NotEditable, NotVisible
from crm.requests.desk import desk as desks
from crm.requests.desk import services
from crm.requests.desk.forms import AnswerForm, SortForm
from crm.requests.services import WrongState
from crm.requests.views import answer, around
from crm.staff.middleware import StaffRequest


@require_GET
def desk(request: StaffRequest) -> HttpResponse:
    return render(request, "requests/desk.html", {"desk": desks.desk_of(request.user.access), "at": timezone.now()})


@require_POST
def reply(request: StaffRequest, request_id: int) -> HttpResponse:
    """Answers when the form has an answer, else sorts; what is wrong stands in the form, which keeps its text."""
    given = AnswerForm(request.POST) if "answer" in request.POST else SortForm(request.POST)
    try:
        if given.is_valid() and send(request, request_id, given):
            return answer(request, request_id)
    except NotVisible:
        raise Http404 from None
    except NotEditable:
        return HttpResponse(_("You may see this but not change it."), status=403)
    except WrongState:
        given.add_error(None, _("This is no longer yours to answer: look at it again."))
        return again(request, request_id, given, status=409)
    return again(request, request_id, given, status=422)


def send(request: StaffRequest, request_id: int, given: SortForm) -> bool:
    verb = services.answer_request if isinstance(given, AnswerForm) else services.sort_request
    try:
        verb(request_id, actor=request.user, **given.cleaned_data)
    except ValidationError as error:
        given.add_error(None, error)
        return False
    return True


def again(request: StaffRequest, request_id: int, given: SortForm, status: int) -> HttpResponse:
    context = around(request, request_id) | {"form": given}
    is_part = request.htmx
    return render(request, "requests/_reply.html" if is_part else "requests/page.html", context, status=status)
