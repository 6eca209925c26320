"""Names for what was measured, in templates."""

from django import template

from reporting import words

register = template.Library()


@register.filter
def label(code: str, table: str) -> str:
    """`{{ group.module|label:"modules" }}`; a code without a name stands for itself."""
    return words.labels()[table].get(code, code)


@register.filter
def name_in(subject: str, names: dict[str, str]) -> str:
    """The customer's name, or nothing for a reader who may not see the customer."""
    return names.get(subject, "")


@register.filter
def record_id(subject: str) -> int:
    return int(subject.partition(":")[2])
