"""What staff fill in to send a request for a customer: each kind brings its form, its payload says what holds."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class RequestForm(forms.Form):
    """Its fields are called as those of the payload; what is left empty is not said."""

    def __init__(self, data: Any = None, *, sees_contacts: bool = True, **options: Any) -> None:
        """`sees_contacts`: whether whoever fills it in does; it has no fields for what she sees masked."""
        super().__init__(data, **options)
        self.sees_contacts = sees_contacts

    def payload(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in self.cleaned_data.items()
            if value not in (None, "", [])
        }

    def refuse(self, error: ValidationError) -> None:
        """Puts what the door refused beside the fields that it is about: `payload.emails` is about `emails`."""
        for path, messages in error.message_dict.items():
            name = path.removeprefix("payload.").partition(".")[0]
            self.add_error(name if name in self.fields else None, messages)
