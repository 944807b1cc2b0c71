"""One form for all alphabets and schemes of writing: Юрий, Yuri, Iurii and Jurij are the same letters. Pure.

The form is for comparing alone. It loses what the schemes disagree about (ё and е, х and h, ц and ts, й and y), and
what typists do (double letters).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўқғәөұүһңј",
        """a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch . y . e yu ya
        i i ye g u k g a o u u h n i""".split(),
        strict=True,
    )
)
_LATIN = {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
_CARONS = {"č": "ch", "š": "sh", "ž": "zh", "ŝ": "shch"}  # ISO 9 and the scientific scheme
_LETTERS = str.maketrans(
    {k: v.strip(".") for k, v in (_CYRILLIC | _LATIN | _CARONS).items()} | {"'": "", "’": "", "ʼ": ""}
)

_SCHEMES = [
    (re.compile(pattern), form)
    for pattern, form in [
        (r"[\W\d_]+", ""),
        (r"shch|szcz|sch", "sh"),
        (r"tch|cz", "ch"),
        (r"ch(?=[rl])", "k"),
        (r"dzh", "j"),
        (r"kh", "h"),
        (r"zh", "z"),
        (r"ph", "f"),
        (r"gh", "g"),
        (r"th", "t"),
        (r"x", "ks"),
        (r"ck|q", "k"),
        (r"t[sz]|tc(?!h)|c(?=[eiyv])", "s"),
        (r"c(?!h)", "k"),
        (r"off$", "ov"),
        (r"eff$", "ev"),
        (r"w", "v"),
        (r"yo|(?<=.)[ij]o", "e"),
        (r"[yj]e|(?<=.)ie", "e"),
        (r"[yj]", "i"),
        (r"h(?![aeiou])", "\0h"),
        (r"(?<=[cs])\0", ""),
        (r"\0h", ""),
        (r"(.)\1+", r"\1"),
    ]
]


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """One word in small Latin letters, as all schemes of transliteration can agree on. "" when it has no letters."""
    letters = unicodedata.normalize("NFKC", word).lower().translate(_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    for pattern, form in _SCHEMES:
        text = pattern.sub(form, text)
    return text


_SOUNDS = str.maketrans("bdgvzc", "ptkfss")
"""What is mistaken at the end of a word, or over the phone: voiced and voiceless."""


@lru_cache(maxsize=65536)
def skeleton(folded: str) -> str:
    """How a folded word sounds, roughly: its first letter and at most four consonants behind it."""
    head, tail = folded[:1].translate(_SOUNDS), re.sub(r"[aeiouyh]", "", folded[1:]).translate(_SOUNDS)
    return re.sub(r"(.)\1+", r"\1", f"{head}{tail}")[:5]
