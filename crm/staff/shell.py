"""What every page shows around its content: modules, actions, unread notifications, and its place in the log."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import module_has_submodule

from crm.records import tally
from crm.records.access import Access
from crm.records.directory import Directory, PageState, page_state
from crm.staff import notifications
from crm.staff.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Entry:
    """A line of the sidebar: `key` follows `g` on the keyboard; `count_panel` is the live panel that keeps `count`."""

    name: str
    url: str
    icon: str
    section: str = ""
    key: str = ""
    count: int | None = None
    count_panel: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Action:
    """Something to do from anywhere, offered by the palette."""

    name: str
    url: str
    icon: str
    key: str = ""


class Shell:
    """Each part is found when a template asks for it, and once."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def modules(self) -> list[Entry]:
        entries = [entry for sidebar in sidebars() for entry in sidebar.entries(self.request.user)]
        here = max((entry.url for entry in entries if self.request.path.startswith(entry.url)), key=len, default="")
        return [replace(entry, is_current=entry.url == here and is_below(self.request.path, here)) for entry in entries]

    @cached_property
    def actions(self) -> list[Action]:
        return [action for sidebar in sidebars() for action in sidebar.actions(self.request.user)]

    @property
    def directory(self) -> Directory:
        return self.state.directory

    @property
    def epoch(self) -> str:
        return self.state.epoch

    @property
    def head(self) -> int:
        return self.state.head

    @cached_property
    def state(self) -> PageState:
        return getattr(self.request, "page_state", None) or page_state()

    @cached_property
    def unread(self) -> int:
        return figures(cast("User", self.request.user))[notifications.UNREAD]


def figures(user: User) -> Counter[str]:
    """The numbers of the shell, of whichever module, by name: in one statement, and once for each request."""
    held = vars(user)
    if "shell_figures" not in held:
        today = datetime.now(UTC).date()
        held["shell_figures"] = tally.answer(question_of(user, user.access, user.seen_seq, today))
    found: Counter[str] = held["shell_figures"]
    return found


@lru_cache(maxsize=1000)
def question_of(user: User, access: Access, seen_seq: int, today: date) -> tally.Question:
    """The same for as long as nobody changes her rights, she reads no notification, and the day lasts."""
    parts = [part for sidebar in sidebars() for part in sidebar.figures(user)]
    return tally.question([*notifications.figures(user), *parts])


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"shell": Shell(request)}


def page_state_middleware(get_response: GetResponse) -> GetResponse:
    """A page's place in the log is read before its view reads any row: what changes in between still reaches it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not request.htmx:  # type: ignore[attr-defined]
            request.page_state = page_state(request.user.log_position)  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def is_below(path: str, url: str) -> bool:
    """Home is above everything and current on its own page alone."""
    return path == url if url == "/" else path.startswith(url)


@cache
def sidebars() -> list[ModuleType]:
    """`<module>.sidebar` of each module that has one: `entries(user)`, `actions(user)`, and `figures(user)`, rows for
    `tally.summed`."""
    configs = [apps.get_app_config(name) for name in settings.PULSE_MODULES]
    return [import_module(f"{each.name}.sidebar") for each in configs if module_has_submodule(each.module, "sidebar")]
