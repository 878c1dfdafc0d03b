"""Who was erased is not taken back: known again by salted hashes, of which nothing can be read."""

from __future__ import annotations

import hmac
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from learning.records import Activity, Contact, ContactRole
from services.gateway.domain import UNSET, DealWrite, PastChange
from services.gateway.privacy.person import CONTACT, ERASED, NAME, Person
from services.gateway.privacy.resident_numbers import masked

MESSAGE = "this person was erased on request and is not taken back"
MEND = "Leave them out of the file, or lift it with dealcast privacy readmit"
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\d[\d\s().\-·]{6,22}\d")
_HANGUL = re.compile("[가-힣]{2,}")
_LATIN = re.compile(r"[^\W\d_]+(?:[.'’-][^\W\d_]+)*", re.UNICODE)
_LONGEST_NAME = 5  # syllables, or words
TEXT = "text"  # of a whole text of a deal; its kind says which letters of it go, as in text:0-3,9-12
_LONGEST_KIND = 200


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The hashes of everybody who was erased, under the salt of this installation; `texts` are those of whole texts
    that were settled as theirs, with which letters go."""

    salt: bytes
    hashes: Set[str]
    texts: Mapping[str, str] = field(default_factory=dict)

    def hashes_of(self, person: Person) -> dict[str, str]:
        """By what they would be known again: hash → kind. A name alone is not who somebody is, but with an account."""
        return {_hash(self.salt, kind, text): kind for kind, text in _marks(person)}

    def hashes_of_texts(self, deal: str, texts: Iterable[str], person: Person) -> dict[str, str]:
        """By what texts of a deal that name the person are known again, on that deal alone: hash → kind."""
        found = {}
        for text in texts:
            text, letters = _plain(text)
            spans = [match.span() for match in person.pattern.finditer(text)] if person.pattern is not None else []
            places = [f"{bisect_left(letters, start)}-{bisect_left(letters, end)}" for start, end in spans]
            kind = f"{TEXT}:{','.join(places)}"
            if spans:  # of too many places none is kept: the text goes whole
                found[self._of_text(deal, text, letters)] = kind if len(kind) <= _LONGEST_KIND else TEXT
        return found

    def _of_text(self, deal: str, text: str, letters: Sequence[int]) -> str:
        return _hash(self.salt, TEXT, f"{deal}\n{''.join(text[at] for at in letters)}")

    def holds(self, contact: Contact) -> bool:
        """Whether the contact is somebody who was erased."""
        person = Person(contact.id, CONTACT, contact.name, contact.email, contact.phone, contact.account_id)
        sure = {kind: text for kind, text in _marks(person) if kind != "word"}
        return any(_hash(self.salt, kind, text) in self.hashes for kind, text in sure.items())

    def is_id(self, contact_id: str) -> bool:
        """Whether it was their id."""
        return _hash(self.salt, "id", contact_id) in self.hashes

    def write(self, write: DealWrite) -> DealWrite:
        """A deal's write without them."""
        contacts = write.contacts if write.contacts is UNSET else self._roles(write.contacts)
        of = write.id
        named = write.name if write.name is UNSET or not isinstance(write.name, str) else self.text(write.name, of)
        fields = {name: self.text(one, of) if isinstance(one, str) else one for name, one in write.fields.items()}
        return replace(
            write, contacts=contacts, name=named, fields=fields,
            history=tuple(self._past(one, of) for one in write.history),
            activities=tuple(map(self.activity, write.activities)),
        )  # fmt: skip

    def activity(self, one: Activity) -> Activity:
        """An activity without them."""
        if one.contact_id and self.is_id(one.contact_id):
            return replace(one, contact_id="", text=ERASED)
        return replace(one, text=self.text(one.text, one.deal_id)) if isinstance(one.text, str) else one

    def _past(self, past: PastChange, deal: str) -> PastChange:
        value = past.value
        if isinstance(value, str):
            return replace(past, value=self.text(value, deal))
        if past.field == "contacts" and isinstance(value, tuple):
            return replace(past, value=self._roles(value))
        return past

    def _roles(self, roles: object) -> tuple[ContactRole, ...]:
        known = roles if isinstance(roles, list | tuple) else ()
        return tuple(one for one in known if not (isinstance(one, ContactRole) and self.is_id(one.contact_id)))

    def text(self, text: str, deal: str = "") -> str:
        """A text without their mail, telephone number and, where it is sure enough, name; one of a deal that was
        settled as theirs as it stood after that."""
        spans = sorted(span for kind, span, word in _candidates(text) if _hash(self.salt, kind, word) in self.hashes)
        text = _without(text, spans)  # as rows are before anybody settles what is in doubt in them
        return self._as_settled(text, deal) if self.texts and text else text

    def _as_settled(self, given: str, deal: str) -> str:
        text, letters = _plain(given)
        kind = self.texts.get(self._of_text(deal, text, letters))
        if kind is None:
            return given
        places = [place.split("-") for place in kind.removeprefix(TEXT).removeprefix(":").split(",") if place]
        spans = [(letters[int(start)], letters[int(end) - 1] + 1) for start, end in places]
        return _without(text, spans) if spans else ERASED


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text without some stretches, which come in order."""
    kept, end_of = "", 0
    for start, end in spans:
        if start >= end_of:
            kept += text[end_of:start] + ERASED
        end_of = max(end_of, end)
    return kept + text[end_of:]


def _plain(text: str) -> tuple[str, list[int]]:
    """A text in one way of writing it, and where its letters stand: spaces tell no text from another."""
    text = unicodedata.normalize("NFC", text)
    return text, [at for at, one in enumerate(text) if not one.isspace()]


def without_numbers(one: Activity) -> Activity:
    """An activity whose text holds no resident registration number."""
    if not isinstance(one.text, str) or len(one.text) < 13:
        return one
    text = masked(one.text)
    return one if text == one.text else replace(one, text=text)


def _marks(person: Person) -> Iterator[tuple[str, str]]:
    if person.kind == NAME:
        yield from (("word", _name(one)) for one in person.also)
        return
    yield "id", person.id
    if person.own_email:
        yield "email", _mail(person.own_email)
    if digits := _phone(person.own_phone):
        yield "phone", digits
    if person.name and person.account_id:
        yield "name", f"{_name(person.name)}\n{person.account_id}"
    if person.name and person.name_is_sure:
        yield "word", _name(person.name)


def _candidates(text: str) -> Iterator[tuple[str, tuple[int, int], str]]:
    """What in a text could be somebody's mail, number or name: kind, place and how it is hashed."""
    for found in _MAIL.finditer(text):
        yield "email", found.span(), _mail(found[0].rstrip("."))
    for found in _PHONE.finditer(text):
        if digits := _phone(found[0]):
            yield "phone", found.span(), digits
    for found in _HANGUL.finditer(text):
        for length in range(3, min(_LONGEST_NAME, len(found[0])) + 1):
            yield "word", (found.start(), found.start() + length), _name(found[0][:length])
    words = list(_LATIN.finditer(text))
    for place, first in enumerate(words):
        for last in words[place + 1 : place + _LONGEST_NAME]:
            if text[first.end() : last.start()].count("\n") > 1:
                break
            yield "word", (first.start(), last.end()), _name(text[first.start() : last.end()])


def _hash(salt: bytes, kind: str, text: str) -> str:
    return hmac.digest(salt, f"{kind}:{text}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _mail(text: str) -> str:
    return text.strip().casefold()


def _phone(text: str) -> str:
    digits = "".join(filter(str.isdecimal, text or ""))
    digits = "0" + digits[2:].removeprefix("0") if digits.startswith("82") else digits
    return digits if len(digits) >= 8 else ""


def _name(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).casefold().split())
