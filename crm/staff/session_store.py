"""Sessions as Django keeps them in its table, read by a prepared statement: every page asks for one."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db

from crm.records.statements import prepared

LIVING = "SELECT session_data, expire_date FROM django_session WHERE session_key = %s AND expire_date > now()"


class SessionStore(db.SessionStore):
    expires_at: datetime | None = None  # as read; known once it is loaded

    def load(self) -> dict[str, Any]:
        with prepared() as cursor:
            cursor.execute(LIVING, [self.session_key])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None  # what was asked for and is not there must not be taken up by the next write
            return {}
        data, self.expires_at = found
        return self.decode(data)
