"""How a request was placed, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.requests.desk.placement import ALL, AT_WORK, AWAY, ONLINE, OWNER, TEAM
from crm.requests.kinds import words_of
from crm.requests.models import Request

PRESENCE = {
    ONLINE: gettext_lazy("is online"),
    AT_WORK: gettext_lazy("in working hours"),
    AWAY: gettext_lazy("outside working hours"),
}
NEARNESS = {
    OWNER: gettext_lazy("owns this customer"),
    TEAM: gettext_lazy("of the customer’s team"),
    ALL: gettext_lazy("sees every customer"),
}


def considered(request: Request) -> list[dict[str, Any]]:
    """The candidates of the last placing, the best first, each with the score in percent and what spoke for them."""
    placed = (request.desk or {}).get("placed", [])
    return [
        {"user": each["user"], "percent": round(100 * each["score"]), "why": " · ".join(reasons(each))}
        for each in placed
    ]


def reasons(placed: Mapping[str, Any]) -> list[str]:
    open_now, skill = placed["load"], placed["skill"]
    said = [str(PRESENCE[placed["presence"]]), str(NEARNESS[placed["nearness"]])]
    if skill:
        words = ngettext("answered %d of this topic in time", "answered %d of this topic in time", skill)
        said.append(words % skill)
    if likely := round(100 * placed.get("likely", 0)):
        said.append(_("answers such questions (%d %%)") % likely)
    if open_now:
        said.append(ngettext("%d open request", "%d open requests", open_now) % open_now)
    else:
        said.append(_("nothing open"))
    return said


def asked(request: Request) -> tuple[str, str]:
    """The first line of what was asked, or what kind of request it is where nothing is left; and the rest."""
    first, _, rest = words_of(request).partition("\n")
    return first or request.title, rest
