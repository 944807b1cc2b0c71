"""Normal forms of addresses: the same person typed differently must come out equal. Pure.

E-mail: RFC 5321 section 2.4 (the domain is case-insensitive; the local part, in practice, too), RFC 5890
(an international domain is kept in its ASCII form), and what the large providers promise of their mailboxes. A normal
form is also where we send to, so only such spellings are joined as the provider delivers into one mailbox. Phone: E.164
by the metadata of `phonenumbers`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from encodings import idna
from functools import lru_cache

import phonenumbers

from domain.messages import Address, AddressKind

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_KEPT = re.compile("([ßς])")
"""Letters that IDNA of 2003, on which the standard library stands, writes as others: straße.de is not strasse.de."""
_CHAT = re.compile(r"-?[0-9]{1,20}")
_VK = re.compile(r"(?:(?:https?://)?(?:www\.|m\.)?vk\.(?:com|ru)/id|id)?([0-9]{1,19})")
_EXTERNAL = re.compile(r"([a-z0-9][a-z0-9_-]{0,38}):([^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200})", re.IGNORECASE)
_EXIT_CODE = re.compile(r"^\s*00[\s\-(]*(?=[1-9])")
"""The most common way to begin an international number, also typed where the country's own way is another (RU: 810)."""
_LONGEST_PHONE = 1000
_MESSENGER = re.compile(
    r"""\s*(?:https?://)?(?:
        wa\.me/ |                                                           # faq.whatsapp.com/5913398998672934
        (?:(?:api\.|www\.|web\.)?whatsapp\.com/|whatsapp://)send/?\?(?:[^\s\#]{0,300}&)?phone= |
        whatsapp: |                                                         # as Twilio writes it
        viber://(?:chat|contact|add)/?\?(?:[^\s\#]{0,300}&)?number= |       # developers.viber.com/docs/tools/deep-links
        t\.me/(?=\+)                                                        # core.telegram.org/api/links
    )(?:\+|%2B|%20|\s)*([0-9][0-9 ().-]{5,24})(?=$|[\s&\#?/])""",
    re.IGNORECASE | re.VERBOSE,
)
"""A number in a messenger's link is always international, its "+" left out or escaped."""


def _without_tag(local: str) -> str:
    return local.partition("+")[0] or local


def _gmail(local: str) -> str:
    return _without_tag(local).replace(".", "") or local


def _yandex(local: str) -> str:
    return _without_tag(local).replace(".", "-")


_MAILBOXES: Mapping[str, tuple[str, Callable[[str], str]]] = {
    # Google, "Dots don't matter in Gmail addresses" (support.google.com/mail/answer/7436150) and "Create task-specific
    # email addresses" (the plus); googlemail.com is the same mailbox under Gmail's German name
    **dict.fromkeys(("gmail.com", "googlemail.com"), ("gmail.com", _gmail)),
    # Yandex Mail, "Aliases" (yandex.ru/support/mail/web/preferences/aliases.html): one mailbox in all these domains, a
    # dot is a hyphen (the login itself has hyphens), and the plus
    **dict.fromkeys(
        ("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"), ("yandex.ru", _yandex)
    ),
    # learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online. The same name in
    # another of these domains is another person
    **{name: (name, _without_tag) for name in ("outlook.com", "hotmail.com", "live.com", "msn.com")},
    # Fastmail, "Plus addressing and subdomain addressing"
    **{name: (name, _without_tag) for name in ("fastmail.com", "fastmail.fm")},
    # proton.me/support/creating-aliases, "+aliases"
    **{name: (name, _without_tag) for name in ("proton.me", "protonmail.com", "pm.me")},
}
"""Domain -> the domain and the local part of the mailbox.

Not here: mail.ru, inbox.ru, list.ru, bk.ru and internet.ru, where the same name in each is another person; iCloud,
which takes a plus but says so nowhere; a firm's own domain at one of these providers, for nothing in the address tells.
"""


def normalise_email(text: str) -> str | None:
    """The mailbox behind an address, as its provider has it: `written_email` without tags, dots and second domains."""
    written = written_email(text)
    if written is None:
        return None
    local, _, domain = written.rpartition("@")
    if domain not in _MAILBOXES:
        return written
    domain, mailbox = _MAILBOXES[domain]
    bare = mailbox(local)
    return written if bare.endswith(".") else f"{bare}@{domain}"  # "anna.+x": no provider has a mailbox "anna."


def written_email(text: str) -> str | None:
    """The address as it is written, in lower case with an ASCII domain, or None when it is not one.

    Takes the bare address, not a header: no display name, no comment, no quoted local part. "=?" is refused: mail
    programs take it for an encoded word (RFC 2047), which may hide a line break.
    """
    local, at, host = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local or "=?" in local:
        return None
    domain = normalise_domain(host)
    return f"{local.lower()}@{domain}" if domain else None


@lru_cache(4096)
def normalise_domain(text: str) -> str | None:
    """The domain in lower case and in ASCII (RFC 5890), of at least two labels; None when it is not one."""
    host = text.strip()
    try:
        if not host.isascii():
            host = ".".join(
                map(_ascii_label, unicodedata.normalize("NFKC", host).replace("。", ".").lower().split("."))
            )
    except UnicodeError:
        return None
    host = host.removesuffix(".").lower()
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return host


def _ascii_label(label: str) -> str:
    if not _KEPT.search(label):
        return idna.ToASCII(label).decode("ascii") if label else ""
    prepared = "".join(part if _KEPT.fullmatch(part) else idna.nameprep(part) for part in _KEPT.split(label))
    return "xn--" + prepared.encode("punycode").decode("ascii")


def normalise_phone(text: str, country: str) -> str | None:
    """E.164 ("+79161234567"), with ";ext=123" behind it when an extension was given; None when it is not a number.

    `country` (ISO 3166-1 alpha-2) says where a national number is from: in RU "8 916 ..." and "007 916 ..." are one.
    Links of messengers are numbers, too: "wa.me/79161234567", "viber://chat?number=%2B79161234567".
    """
    text = unicodedata.normalize("NFKC", text[:_LONGEST_PHONE])
    if link := _MESSENGER.match(text) if ":" in text or "/" in text else None:
        text = f"+{link[1]}"
    try:
        number = phonenumbers.parse(_EXIT_CODE.sub("+", text), country.upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    extension = phonenumbers.normalize_digits_only(number.extension or "")
    return f"{plain};ext={extension}" if extension else plain


def normalise_chat(text: str) -> str | None:
    """A Telegram chat or user id as a decimal string, negative for groups; None when it is not one."""
    text = text.strip()
    return str(int(text)) if _CHAT.fullmatch(text) and text.isascii() else None


def normalise_vk(text: str) -> str | None:
    """A VK user's id as a decimal string, also from "id123" and a link to the page; None when it is not one.

    A chosen name ("vk.com/durov") is none: its owner may give it up, and another take it (dev.vk.com/method/users.get).
    """
    found = _VK.fullmatch(text.strip().lower())
    return str(int(found[1])) if found and int(found[1]) else None


def normalise_external(text: str) -> str | None:
    """Another system's id of a person, "system:id": the system in lower case, the id as it is; None when it is not."""
    found = _EXTERNAL.fullmatch(text.strip())
    return f"{found[1].lower()}:{found[2]}" if found else None


def email(text: str, *, proved: bool = False, proof: str = "") -> Address | None:
    """The e-mail address, or None when the text is not one."""
    return _address(AddressKind.EMAIL, normalise_email(text), proved, proof)


def phone(text: str, country: str, *, proved: bool = False, proof: str = "") -> Address | None:
    """The phone, or None when the text is not one."""
    return _address(AddressKind.PHONE, normalise_phone(text, country), proved, proof)


def telegram(text: str, *, proved: bool = False, proof: str = "") -> Address | None:
    """The Telegram user or chat, or None when the text is not an id."""
    return _address(AddressKind.TELEGRAM, normalise_chat(text), proved, proof)


def vk(text: str, *, proved: bool = False, proof: str = "") -> Address | None:
    """The VK user, or None when the text is not an id."""
    return _address(AddressKind.VK, normalise_vk(text), proved, proof)


def external(system: str, id_: str, *, proved: bool = False, proof: str = "") -> Address | None:
    """The person in another system ("amocrm", "1234"), or None when one of both is no name or no id."""
    value = normalise_external(f"{system.strip()}:{id_.strip()}") if ":" not in system else None
    return _address(AddressKind.EXTERNAL, value, proved, proof)


def _address(kind: AddressKind, value: str | None, proved: bool, proof: str) -> Address | None:
    return Address(kind=kind, value=value, proved=proved, proof=proof) if value else None


_ROLES = frozenset(
    """
    abuse accounting accounts adm admin administrator all ask b2b bank bar billing booking bot box
    buchhaltung buh buhg buhgalter buhgalteria buhgalteriya buhgalteriia buhgalterija bukhgalteria buhuchet bux call
    callcenter cafe career careers client clients clinic club company contact contacts corp crm customer customerservice
    customers delivery dispatch dispatcher dispetcher docs dogovor dogovora dostavka edo email enquiries enquiry
    enquire everyone export fax feedback finance finans fin frontdesk general glavbuh hello help helpdesk hi hosting
    hostmaster hotel hotline hr import inbox info infodesk information inquiries inquiry inquire international invoice
    invoices it job jobs jurist kadry kadri kancelyariya kanc kassa kc klient klienty klinika kontakt kontakty kontora
    kurs kursy legal list logist logistic logistics logistika magazin mail mailbox mailer manager managers market
    marketing media menedger menedzher menager media montazh msg news newsletter noc noreply notify notifications ofis
    office ofice opt optom order orders otdel otdelkadrov otvet otzyv otzyvy pay payment payments partner partnery
    partners personal pochta podderzhka post postmaster pr press pressa priem priemka priemnaya priyomnaya privet
    prodaji prodazha prodazhi proekt project projects production proizvodstvo purchase purchasing question questions
    reception recepshn recepcia recepciya registratura reklama remont rent rental arenda request requests reservation
    reservations reserve rezerv rezume resume resepshn robot root rop sale sales salon sbyt sbit school security
    secretariat sekretar secretary seminar sekretariat service servis shkola shop site sait sklad smeta smi
    snab snabzhenie spam spravka stroy stroitelstvo studio studia subscribe supply support sysadmin team tech techno
    techsupport tehpodderzhka tender tenders tendery test tickets tour tours trade travel tur uslugi vacancy
    vacancies vakansii voprosy vopros web webmaster website welcome work www yurist zakaz zakazy zakupka zakupki zapis
    zapros zaprosy zayavka zayavki инфо офис заказ заказы заявка заявки почта продажи бухгалтерия снабжение склад
    приемная поддержка отдел магазин привет
    """.split()
)
"""Mailboxes that several people read: RFC 2142, and the habits of English and Russian firms."""
_PLACES = frozenset(
    """
    msk mos moscow moskva spb piter ekb ekt nsk nn kzn kazan krd krasnodar rnd rostov ufa perm prm chel chlb omsk smr
    samara vrn tula tver tmn kgd sochi crimea krym minsk almaty astana kiev dv ural sibir ug yug sever ru rf rus russia
    by kz ua eu uk us usa en de int intl world global site web online main central region regions shop store opt roznica
    office ofis group company firm the our dept desk team otdel mail new
    """.split()
)
"""What stands beside them: "zakaz-msk", "sales.ru"."""


def is_role(value: str) -> bool:
    """Whether an e-mail address is an office's and not a person's, by its name: info@, zakaz-msk@, sales2@.

    A list knows habits, not people: "info" alone is one, "info.petrov" and "hello.kitty" are not.
    """
    local = value.rpartition("@")[0].partition("+")[0].lower()
    words = [bare for word in re.split(r"[._-]+", local) if (bare := word.strip("0123456789"))]
    whole = "".join(words)
    if len(whole) > 4 and whole in _ROLES:  # "no-reply", "e-mail"; a shorter one may be initials
        return True
    return any(word in _ROLES for word in words) and all(word in _ROLES or word in _PLACES for word in words)
