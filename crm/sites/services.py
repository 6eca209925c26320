"""The verbs of sites, and who a site's token belongs to."""

import secrets
from datetime import timedelta
from typing import Any

from django.utils import timezone

from crm.records.context import acting
from crm.records.wake import wake
from crm.sites.models import Site
from crm.staff.guarded import update_guarded
from crm.staff.models import User
from crm.staff.services import check_administers, digest_of

PREFIX = "site_"
USE_STEP = timedelta(minutes=1)  # how exactly it is known when a token was used last


def create_site(*, actor: User, **facts: Any) -> tuple[Site, str]:
    """The site and its token, which nobody can read again. Raises NotEditable for who does not administer."""
    check_administers(actor)
    plain = PREFIX + secrets.token_urlsafe(32)
    with acting(actor.pk):
        site = Site.objects.create(digest=digest_of(plain), **facts)
    wake()
    return site, plain


def change_site(site_id: int, *, actor: User, version: int, changes: dict[str, Any]) -> None:
    """Raises Conflict, NotEditable."""
    check_administers(actor)
    with acting(actor.pk):
        update_guarded(Site, site_id, version=version, changes=changes)


def revoke_site(site_id: int, *, actor: User) -> None:
    """Its token opens nothing any more; what it has sent goes on. A second time does no more. Raises NotEditable."""
    check_administers(actor)
    with acting(actor.pk):
        Site.objects.filter(pk=site_id, revoked_at=None).update(revoked_at=timezone.now())
    wake()


def site_for_token(plain: str) -> Site | None:
    site = Site.objects.filter(digest=digest_of(plain), revoked_at=None).first()
    now = timezone.now()
    if site and (site.last_used_at is None or now - site.last_used_at > USE_STEP):
        Site.objects.filter(pk=site.pk).update(last_used_at=now)
    return site
