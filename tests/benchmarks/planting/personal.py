"""Invented people's addresses and numbers, with check digits that hold, and invented keys."""

import base64
import string
from collections.abc import Callable, Sequence

import numpy as np

from planting.base import Plant, Planted, Record, inserted, pick

FIRST = ("anna", "peter", "maria", "john", "li", "fatima", "carlos", "sophie", "jan", "olga", "tom")
LAST = ("schmidt", "garcia", "miller", "rossi", "dubois", "nowak", "tanaka", "silva", "jansen")
HOSTS = (
    "gmail.com",
    "outlook.com",
    "web.de",
    "yahoo.co.uk",
    "proton.me",
    "orange.fr",
    "t-online.de",
    "uni-bremen.de",
    "acme-tools.io",
    "libero.it",
)
SENTENCES = {
    "email": (
        "You can write to me at {}.",
        "My address is {}, thanks.",
        "Contact: {}",
        "{} is my e-mail.",
    ),
    "phone": (
        "Call me on {} after six.",
        "My number is {}.",
        "Please phone {} tomorrow.",
        "Tel.: {}",
        "You can reach my sister at {}.",
    ),
    "iban": (
        "Please send the money to {}.",
        "My account is {}.",
        "IBAN: {}",
        "Refund it to {}, please.",
    ),
    "card": (
        "My card {} was charged twice.",
        "The card number is {}.",
        "I paid with {} yesterday.",
    ),
    "ip": (
        "I logged in from {} last night.",
        "The request came from {}.",
        "My address was {} then.",
    ),
    "secret": (
        "My key is {} if you need it.",
        "Use {} for the request.",
        "It printed {} in the log.",
    ),
}
NATIONAL = {
    "us": ("My social security number is {}.", "SSN: {}", "He gave {} as his SSN."),
    "gb": ("My National Insurance number is {}.", "NI number {}."),
    "de": ("Meine Steuer-ID lautet {}.", "Tax ID (Steuer-IdNr): {}"),
    "es": ("My DNI is {}.", "DNI {}"),
    "fr": ("My numéro de sécurité sociale is {}.", "NIR {}"),
    "br": ("My CPF is {}.", "CPF: {}"),
    "pl": ("My PESEL is {}.", "PESEL {}"),
    "nl": ("My BSN is {}.", "BSN: {}"),
    "se": ("My personnummer is {}.", "He was registered as {}."),
    "cn": ("My resident id is {}.", "身份证号 {}"),
}


def _digits(rng: np.random.Generator, n: int, first: str = "0123456789") -> str:
    rest = "".join(str(int(d)) for d in rng.integers(0, 10, n - 1))
    return pick(rng, first) + rest


def _luhn(body: str) -> str:
    """The check digit that the body lacks, found by trying."""
    for digit in string.digits:
        total = 0
        for place, sign in enumerate(reversed(body + digit)):
            doubled = int(sign) * (1 + place % 2)
            total += doubled // 10 + doubled % 10
        if total % 10 == 0:
            return digit
    raise AssertionError


def email(rng: np.random.Generator) -> str:
    first, last, host = pick(rng, FIRST), pick(rng, LAST), pick(rng, HOSTS)
    number = int(rng.integers(1, 99))
    return pick(
        rng,
        [
            f"{first}.{last}@{host}",
            f"{first[0]}{last}{number}@{host}",
            f"{first}_{last}@{host}",
            f"{last}+shop@{host}".title(),
        ],
    )


def phone(rng: np.random.Generator) -> str:
    area, exchange = _digits(rng, 3, "2345679"), _digits(rng, 3, "2346789")
    line = _digits(rng, 4)
    french = " ".join(_digits(rng, 2) for _ in range(4))
    return pick(
        rng,
        [
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
            f"+49 171 {_digits(rng, 7)}",
            f"+44 7{_digits(rng, 3)} {_digits(rng, 6)}",
            f"+33 6 {french}",
            f"06 {french}",
            f"020 8{_digits(rng, 3)} {_digits(rng, 4)}",
            f"0171 {_digits(rng, 7)}",
            f"0{_digits(rng, 3, '2345')}/{_digits(rng, 6)}",
            f"+34 6{_digits(rng, 2)} {_digits(rng, 3)} {_digits(rng, 3)}",
            f"+86 138 {_digits(rng, 4)} {_digits(rng, 4)}",
            f"+91 9{_digits(rng, 4)} {_digits(rng, 5)}",
        ],
    )


def iban(rng: np.random.Generator) -> str:
    country, body = pick(
        rng,
        [
            ("DE", _digits(rng, 18)),
            ("FR", _digits(rng, 23)),
            ("ES", _digits(rng, 20)),
            ("NL", "INGB" + _digits(rng, 10)),
            ("GB", "BARC" + _digits(rng, 14)),
            ("AT", _digits(rng, 16)),
            ("BE", _digits(rng, 12)),
            ("PL", _digits(rng, 24)),
            ("IT", "X" + _digits(rng, 22)),
            ("CH", _digits(rng, 17)),
        ],
    )
    number = int("".join(str(int(c, 36)) for c in body + country) + "00")
    code = f"{country}{98 - number % 97:02d}{body}"
    return code if rng.random() < 0.4 else " ".join(code[i : i + 4] for i in range(0, len(code), 4))


def card(rng: np.random.Generator) -> str:
    prefix, size = pick(
        rng, [("4", 16), ("51", 16), ("55", 16), ("2345", 16), ("37", 15), ("6011", 16)]
    )
    body = prefix + _digits(rng, size - 1 - len(prefix))
    number = body + _luhn(body)
    if size == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    mark = pick(rng, [" ", "-", ""])
    return mark.join(number[i : i + 4] for i in range(0, 16, 4))


def ip(rng: np.random.Generator) -> str:
    if rng.random() < 0.2:
        return "2a02:" + ":".join(f"{int(n):x}" for n in rng.integers(0x1000, 0xFFFF, 7))
    first = pick(rng, [84, 91, 93, 134, 151, 185, 193, 212, 46, 72])
    return ".".join(map(str, [first, *rng.integers(1, 255, 3).tolist()]))


def secret(rng: np.random.Generator) -> str:
    signs = string.ascii_letters + string.digits
    text = lambda n: "".join(pick(rng, signs) for _ in range(n))  # noqa: E731
    upper = "".join(pick(rng, string.ascii_uppercase + string.digits) for _ in range(16))
    token = base64.urlsafe_b64encode(rng.bytes(48)).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = (
        base64.urlsafe_b64encode(b'{"sub":"' + str(rng.integers(10**9)).encode() + b'"}')
        .decode()
        .rstrip("=")
    )
    return pick(
        rng,
        [
            f"sk-{text(48)}",
            f"sk-proj-{text(40)}",
            f"AKIA{upper}",
            f"ghp_{text(36)}",
            f"AIza{text(35)}",
            f"sk_live_{text(24)}",
            f"xoxb-{_digits(rng, 12)}-{text(24)}",
            f"{head}.{body}.{token}",
            f"password: {text(7)}7!{text(4)}",
            f"postgres://admin:{text(12)}@db.prod.internal/main",
            f"api_key={text(32)}9",
        ],
    )


def _birthday(rng: np.random.Generator) -> str:
    """Two digits each of year, month and day."""
    year, month, day = (int(rng.integers(*span)) for span in ((40, 99), (1, 13), (1, 29)))
    return f"{year}{month:02d}{day:02d}"


def us(rng: np.random.Generator) -> str:
    area, group, serial = (int(rng.integers(1, top)) for top in (600, 99, 9999))
    return f"{area:03d}-{group:02d}-{serial:04d}"


def gb(rng: np.random.Generator) -> str:
    pair = pick(rng, ["AB", "CE", "JH", "PW", "SK", "YT"])
    d = _digits(rng, 6, "2345")
    return f"{pair} {d[:2]} {d[2:4]} {d[4:]} {pick(rng, 'ABCD')}"


def de(rng: np.random.Generator) -> str:
    order = [str(int(d)) for d in rng.permutation(10)]
    if order[0] == "0":
        order = order[::-1]
    order[9] = order[4]  # one digit twice, one not at all
    rest = 10
    for digit in order:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    number = "".join(order) + str((11 - rest) % 10)
    return pick(rng, [number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"])


def es(rng: np.random.Generator) -> str:
    number = int(rng.integers(10**7, 10**8))
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def fr(rng: np.random.Generator) -> str:
    body = (
        f"{pick(rng, '12')}{int(rng.integers(40, 99))}{int(rng.integers(1, 13)):02d}"
        f"{int(rng.integers(1, 95)):02d}{_digits(rng, 6)}"
    )
    key = 97 - int(body) % 97
    return f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:]} {key:02d}"


def br(rng: np.random.Generator) -> str:
    d = _digits(rng, 9)
    for size in (10, 11):
        total = sum(int(a) * w for a, w in zip(d, range(size, 1, -1), strict=True))
        d += str(total * 10 % 11 % 10)
    return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"


def pl(rng: np.random.Generator) -> str:
    body = _birthday(rng) + _digits(rng, 4)
    total = sum(int(a) * w for a, w in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return body + str(-total % 10)


def nl(rng: np.random.Generator) -> str:
    while True:
        d = _digits(rng, 9, "12")
        if (
            sum(int(a) * w for a, w in zip(d[:8], range(9, 1, -1), strict=True)) - int(d[8])
        ) % 11 == 0:
            return d


def se(rng: np.random.Generator) -> str:
    body = _birthday(rng) + _digits(rng, 3)
    return f"{body[:6]}-{body[6:]}{_luhn(body)}"


def cn(rng: np.random.Generator) -> str:
    body = (
        f"{int(rng.integers(110000, 650000))}{int(rng.integers(1950, 2005))}"
        f"{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}{_digits(rng, 3)}"
    )
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(a) * w for a, w in zip(body, weights, strict=True)) % 11]


KINDS: dict[str, Callable[[np.random.Generator], str]] = {
    "email": email,
    "phone": phone,
    "iban": iban,
    "card": card,
    "ip": ip,
    "secret": secret,
}
COUNTRIES = {
    "us": us,
    "gb": gb,
    "de": de,
    "es": es,
    "fr": fr,
    "br": br,
    "pl": pl,
    "nl": nl,
    "se": se,
    "cn": cn,
}


def pii(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    kind = pick(rng, [*KINDS, "national_id"])
    if kind == "national_id":
        country = pick(rng, list(COUNTRIES))
        sentence, how = (
            pick(rng, NATIONAL[country]).format(COUNTRIES[country](rng)),
            f"id {country}",
        )
    else:
        sentence, how = pick(rng, SENTENCES[kind]).format(KINDS[kind](rng)), kind
    record = records[row]
    if rng.random() < 0.2:
        return Planted(record._replace(input=f"{record.input} {sentence}"), how)
    return Planted(record._replace(response=inserted(rng, record.response, sentence)), how)


PLANTERS: dict[str, Plant] = {"pii": pii}
