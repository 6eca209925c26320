"""What a column of a file may be, and which one its header and its cells suggest."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Target:
    """One fact that a column may hold. `many`: several columns may, and their cells are joined."""

    name: str
    label: str | Promise
    aliases: frozenset[str]
    many: bool = False


def target(name: str, label: str | Promise, aliases: str = "", *, many: bool = False) -> Target:
    return Target(name, label, frozenset({plain(name), *aliases.split(", ")}), many)


def plain(header: str) -> str:
    """A header as it is compared: `Date_of-Birth ` and `date of birth` are the same."""
    return " ".join(re.sub(r"[\W_]+", " ", header).lower().split())


TARGETS = [
    target(
        "name", _("Name"), "full name, display name, customer, customer name, contact, contact name, 姓名, 名称"
    ),
    target("given_name", _("Given name"), "first name, firstname, givenname, forename, vorname, prénom, 名"),
    target("family_name", _("Family name"), "last name, lastname, surname, familyname, nachname, nom, 姓"),
    target("kind", _("Person or company"), "type, customer type"),
    target("company", _("Company"), "company name, organisation, organization, employer, account name, firma, 公司"),
    target("title", _("Job title"), "job title, jobtitle, position, role, 职位"),
    target(
        "emails", _("E-mail"),
        "email, e mail, email address, e mail address, mail, work email, email 1, email 2, 邮箱, 电子邮件", many=True,
    ),
    target(
        "phones", _("Phone"),
        "phone, phone number, telephone, tel, mobile, mobile phone, mobile number, cell, phone 1, phone 2, work phone, "
        "home phone, telefon, 手机, 电话", many=True,
    ),
    target("street_number", _("Street number"), "house number, street no, number, hausnummer"),
    target("street", _("Street"), "address, address 1, address1, address line 1, street address, straße, 地址"),
    target("further_address", _("Address, second line"), "address 2, address2, address line 2", many=True),
    target("postcode", _("Postcode"), "post code, zip, zip code, zipcode, postal code, plz, 邮编"),
    target("city", _("City"), "town, suburb, locality, ort, stadt, ville, 城市"),
    target("region", _("Region"), "state, province, county, state province, 省"),
    target("country", _("Country"), "country code, nation, land, pays, 国家"),
    target("born_on", _("Date of birth"), "date of birth, birth date, birthdate, birthday, dob, geburtsdatum, 生日"),
    target("stage", _("Stage"), "status, lifecycle stage, customer stage"),
    target("owner", _("Owner"), "account owner, account manager, contact owner, assigned to"),
    target("team", _("Team")),
    target("tags", _("Tags"), "tag, labels, categories, 标签", many=True),
    target("language", _("Language"), "preferred language, 语言"),
    target("source", _("Source"), "lead source, origin, 来源"),
    target(
        "reference", _("Reference"),
        "ref, external id, customer id, customer number, customer no, record id, rec id, id, 编号",
    ),
]  # fmt: skip
BY_NAME = {each.name: each for each in TARGETS}


def propose(header: Sequence[str], samples: Sequence[Sequence[str]]) -> list[str]:
    """A target's name for each column, or nothing. `samples` are some rows; a one-valued target goes to one column."""
    proposed = [by_header(each) for each in header]
    if "reference" in [plain(each) for each in header]:
        proposed = ["" if plain(each) == "id" else name for each, name in zip(header, proposed, strict=True)]
    for at, name in enumerate(proposed):
        if not name and looks_like_email(cell for row in samples if at < len(row) for cell in [row[at]]):
            proposed[at] = "emails"
    return [once(name, proposed[:at]) for at, name in enumerate(proposed)]


def by_header(header: str) -> str:
    wanted = plain(header)
    return next((each.name for each in TARGETS if wanted in each.aliases or wanted == plain(str(each.label))), "")


def once(name: str, earlier: Sequence[str]) -> str:
    return "" if name and name in earlier and not BY_NAME[name].many else name


def looks_like_email(cells: Iterable[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(re.fullmatch(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*", cell) for cell in filled)
