"""The tables of this app, one file for each noun; those of imports, copies and erasures stand in their folders."""

from customers.copies.models import DataCopy
from customers.erasures.models import Erasure
from customers.imports.models import Import, ImportLine
from customers.models.children import Consent, FollowUp, Note
from customers.models.customer import ContactPoint, Customer, CustomerQuerySet, Search, Stage, Tag

__all__ = [
    "Consent", "ContactPoint", "Customer", "CustomerQuerySet", "DataCopy", "Erasure", "FollowUp", "Import",
    "ImportLine", "Note", "Search", "Stage", "Tag",
]  # fmt: skip
