"""What those who answer fill in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.requests.desk.services import MOST_ANSWER, MOST_TOPIC
from crm.requests.models import Priority


class SortForm(forms.Form):
    """The topics in use are offered by the page; a new one may be typed."""

    topic = forms.CharField(
        label=_("Topic"), required=False, max_length=MOST_TOPIC, widget=forms.TextInput({"list": "topics"})
    )
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)


class AnswerForm(SortForm):
    answer = forms.CharField(
        label=_("Answer"),
        max_length=MOST_ANSWER,
        widget=forms.Textarea({"rows": 6, "data-behaviour": "send-by-key", "data-hotkey": "e"}),
    )
    field_order = ("answer", "topic", "priority")
