"""Keys, tokens and passwords, told by the form that their services give them."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from core.quality.personal.leaks import Leak

# Source: the services' own documentation of their key formats, as of 2026-11.
KEYS = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,200}"
    r"|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}"
    r"|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{24,}|hf_[A-Za-z0-9]{30,}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r")(?![A-Za-z0-9_])"
)
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.{0,4000}?-----END[A-Z ]*-----)?", re.S
)
IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{2,20}://[^\s:/@]{1,80}:([^\s:/@]{3,80})@")
NAMED = re.compile(
    r"\b(?:api[ _-]?key|secret(?:[ _-]?(?:access)?[ _-]?key)?|access[ _-]?(?:key|token)"
    r"|auth[ _-]?token|bearer|token|client[ _-]?secret"
    r"|private[ _-]?key|password|passwd|passwort|kennwort"
    r"|contraseña|mot de passe|pwd)\b[\"']?\s*(?:is|are|ist|es|est|:|=|=>)?\s*[:=]?\s*[\"'`]?"
    r"([^\s\"'`<>{}\[\]()]{8,200})",
    re.IGNORECASE,
)
HINTS = ("sk-", "KIA", "SIA", "AROA", "AIDA", "gh", "glpat", "xox", "AIza", "ya29", "k_live",
         "k_test",
         "whsec", "hf_", "SG.", "npm_", "pypi-", "eyJ")  # fmt: skip
NAMES = (
    "key",
    "secret",
    "token",
    "bearer",
    "passw",
    "kennwort",
    "contraseña",
    "mot de passe",
    "pwd",
)
EXAMPLE = re.compile(r"example|sample|dummy|placeholder|your|x{4,}|\*{3,}|•|\.\.\.|…|abcdef"
                     r"|123456789|changeme",
                     re.IGNORECASE)  # fmt: skip
LEAST_BITS = 2.6  # entropy per character of a value that no word has; measured on English words


def secrets(text: str) -> Iterator[Leak]:
    """Keys of known services, private keys, passwords in addresses and after their names."""
    if any(hint in text for hint in HINTS):
        yield from (_leak(m, 0) for m in KEYS.finditer(text) if not EXAMPLE.search(m.group()))
    if "-----BEGIN" in text:
        yield from (_leak(m, 0) for m in PRIVATE_KEY.finditer(text))
    if "://" in text:
        yield from (_leak(m, 1) for m in IN_ADDRESS.finditer(text) if not EXAMPLE.search(m[1]))
    lowered = text.lower()
    if any(name in lowered for name in NAMES):
        yield from (_leak(m, 1) for m in NAMED.finditer(text) if _is_random(m[1].rstrip(".,;:!?")))


def _leak(match: re.Match[str], group: int) -> Leak:
    text = match.group(group)
    return Leak("secret", match.start(group), match.start(group) + len(text.rstrip(".,;:!?")))


def _is_random(value: str) -> bool:
    """Whether a value is no word: digits among letters, both cases or marks, and high entropy."""
    if len(value) < 8 or EXAMPLE.search(value) or "://" in value or "@" in value:
        return False
    has_digit = any(c.isdigit() for c in value)
    has_letter = any(c.isalpha() for c in value)
    is_mixed = has_digit and has_letter and (value != value.lower() or len(value) >= 16
                                             or not value.isalnum())  # fmt: skip
    return is_mixed and _entropy(value) >= LEAST_BITS


def _entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits each."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())
