"""Makes companies.csv, the labelled set: `python -m tests.data.companies.make` prints it. Same seed, same bytes.

Who is whom is known because every name is made from a company, by slips and habits of people who type names; nothing
here knows how Dealcast compares them.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
NAMES, SEED = 2_000, 20_261_122
WITH_VARIANT, ANOTHER = 0.42, 0.3  # shares of companies with a variant, of those with one more
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = dict(zip("ㅂㅈㄷㄱㅅㅁㄴㅇㄹㅎㅋㅌㅊㅍ", "ㅈㄷㄱㅅㄱㄴㅇㄹㅎㄹㅌㅊㅍㅊ", strict=True))  # on the keyboard
SOUND = {
    "ㅐ": "ㅔ",
    "ㅔ": "ㅐ",
    "ㅓ": "ㅏ",
    "ㅗ": "ㅓ",
    "ㅛ": "ㅗ",
    "ㅕ": "ㅑ",
    "ㅑ": "ㅏ",
    "ㅜ": "ㅠ",
    "ㅣ": "ㅏ",
    "ㅡ": "ㅜ",
}
JAMO_L = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
JAMO_V = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
LEGAL_KO = (
    "(주){}",
    "{}(주)",
    "㈜{}",
    "{}㈜",
    "주식회사 {}",
    "{} 주식회사",
    "주식회사{}",
    "(주) {}",
    "（주）{}",
    "{} (주)",
)
LIMITED_KO = ("유한회사 {}", "(유){}", "{} 유한회사", "(유) {}")
LEGAL_EN = (
    "{} Inc.", "{}, Inc.", "{} Inc", "{} Incorporated", "{} Co., Ltd.", "{} Co.,Ltd", "{} Corp.", "{} Corporation",
    "{} LLC", "{} L.L.C.", "{} Ltd", "{} Ltd.", "{} Limited",
    "{} Company",
)  # fmt: skip
LEGAL_EU = (("{} GmbH", "{} Gmbh", "{}"), ("{} AG", "{}"), ("{} PLC", "{} plc", "{}"), ("{} S.A.", "{} SA", "{}"))
SHORT = {
    "International": "Intl", "Technologies": "Tech", "Manufacturing": "Mfg", "Services": "Svcs", "Engineering": "Eng.",
    "Laboratories": "Labs", "Industries": "Ind.", "Associates": "Assoc.", "Systems": "Sys.", "Company": "Co.",
}  # fmt: skip
HEAD_KO, HEAD_EN = ("{} 본사", "{}(본사)", "{} 본점"), ("{} HQ", "{} Headquarters", "{} - Head Office", "{} (HQ)")


def known() -> Iterator[list[list[str]]]:
    """Families of literal names: companies, each with its variants."""
    for block in (HERE / "known.txt").read_text("utf-8").strip().split("\n\n"):
        yield [[name.strip() for name in line.split("|")] for line in block.splitlines()]


def made(words: dict[str, str], rng: Random) -> Iterator[list[list[str]]]:
    """Families of names put together: companies that share a word, sites of one company, numbers in a row."""
    while True:
        korean = rng.random() < 0.55
        yield [[name] for name in (_family_ko if korean else _family_en)(words, rng)]


def _family_ko(words: dict[str, str], rng: Random) -> list[str]:
    proper, places = rng.choice(words["proper_ko"].split()), words["place_ko"].split()
    name = proper + rng.choice(words["business_ko"].split())
    kind = rng.random()
    if kind < 0.5:
        others = rng.sample(words["business_ko"].split(), rng.choice((0, 1, 1, 2)))
        return [name, *(proper + other for other in others)]
    if kind < 0.7:
        branch = rng.choice(words["branch_ko"].split())
        return [name, *(f"{name} {place}{branch}" for place in rng.sample(places, rng.choice((1, 2))))]
    if kind < 0.85:
        pattern = rng.choice(words["numbered_ko"])
        return [f"{name} {pattern.format(n=n)}" for n in (1, 2)]
    return [f"{rng.choice(places)}{name}", name] if rng.random() < 0.5 else [name]


def _family_en(words: dict[str, str], rng: Random) -> list[str]:
    plain = {key: value.replace("_", "\x00") if isinstance(value, str) else value for key, value in words.items()}

    def pick(key: str) -> list[str]:
        return [one.replace("\x00", " ") for one in plain[key].split()]

    proper, places = rng.choice(pick("proper_en")), pick("place_en")
    name = f"{proper} {rng.choice(pick('business_en'))}"
    kind = rng.random()
    if kind < 0.5:
        others = rng.sample(pick("business_en"), rng.choice((0, 1, 1, 2)))
        return [name, *(f"{proper} {other}" for other in others)]
    if kind < 0.7:
        pattern = rng.choice(words["branch_en"])
        return [name, *(f"{name} {pattern.format(p=place)}" for place in rng.sample(places, rng.choice((1, 2))))]
    if kind < 0.85:
        pattern = rng.choice(words["numbered_en"])
        return [f"{name} {pattern.format(n=n, r='I' * n)}" for n in (1, 2)]
    return [name, f"{name} {rng.choice(('Holdings', 'International', 'Global', 'America'))}"]


def variants(name: str, rng: Random) -> Iterator[str]:
    """Other ways to write the name, one after the other, without end."""
    korean = re.search("[가-힣]", name) is not None
    while True:
        found = rng.choice(_WAYS_KO if korean else _WAYS_EN)(name, rng)
        if rng.random() < 0.25:  # two habits at once
            found = rng.choice((_legal_ko, _spaces) if korean else (_legal_en, _case))(found, rng)
        if found != name:
            yield found


def _legal_ko(name: str, rng: Random) -> str:
    return rng.choice(LIMITED_KO if rng.random() < 0.12 else LEGAL_KO).format(name)


def _legal_en(name: str, rng: Random) -> str:
    return rng.choice(LEGAL_EN).format(name) if rng.random() < 0.85 else rng.choice(rng.choice(LEGAL_EU)).format(name)


def _spaces(name: str, rng: Random) -> str:
    if " " in name and rng.random() < 0.5:
        return name.replace(" ", "" if rng.random() < 0.5 else "  ")
    place = rng.randrange(1, max(2, len(name) - 1))
    return f"{name[:place]} {name[place:]}" if place in (2, 3) else name.replace(" ", "")


def _case(name: str, rng: Random) -> str:
    return rng.choice((str.upper, str.lower, str.title))(name)


def _marks(name: str, rng: Random) -> str:
    return rng.choice(
        (f"{name} ", f"{name}.", name.replace(" ", "-", 1), name.replace("'", ""), f" {name}", f"{name},")
    )


def _wide(name: str, _: Random) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in name) + "　"


def _head_ko(name: str, rng: Random) -> str:
    return rng.choice(HEAD_KO).format(name)


def _head_en(name: str, rng: Random) -> str:
    return rng.choice(HEAD_EN).format(name)


def _short(name: str, _: Random) -> str:
    return " ".join(SHORT.get(word, word) for word in name.split()).replace(" and ", " & ")


def _the(name: str, _: Random) -> str:
    return f"The {name}"


def _slip_ko(name: str, rng: Random) -> str:
    """A slip of one letter in one syllable, as fingers make it: a key beside, a vowel that sounds alike."""
    places = [place for place, one in enumerate(name) if "가" <= one <= "힣"]
    if len(places) < 4:
        return name
    place = rng.choice(places)
    code = ord(name[place]) - 0xAC00
    lead, vowel, tail = code // 588, code % 588 // 28, code % 28
    way = rng.random()
    if way < 0.35 and JAMO_L[lead] in BESIDE:
        lead = JAMO_L.index(BESIDE[JAMO_L[lead]])
    elif way < 0.75 and JAMO_V[vowel] in SOUND:
        vowel = JAMO_V.index(SOUND[JAMO_V[vowel]])
    else:
        tail = 0 if tail else rng.choice((4, 21))
    return name[:place] + chr(0xAC00 + lead * 588 + vowel * 28 + tail) + name[place + 1 :]


def _slip_en(name: str, rng: Random) -> str:
    """A letter dropped, doubled, swapped with the next, or a key beside it."""
    places = [place for place, one in enumerate(name[:-1]) if one.isalpha() and name[place + 1].isalpha() and place]
    if len(name) < 8 or not places:
        return name
    place = rng.choice(places)
    one, after = name[place], name[place + 1]
    row = next((row for row in KEYS if one.lower() in row), one.lower())
    near = row[max(0, row.index(one.lower()) - 1)] if one.lower() in row else one
    return name[:place] + rng.choice(("", one + one, near)) + name[place + 1 :] if rng.random() < 0.7 else (
        name[:place] + after + one + name[place + 2 :]
    )  # fmt: skip


_WAYS_KO: tuple[Callable[[str, Random], str], ...] = (
    _legal_ko, _legal_ko, _legal_ko, _spaces, _spaces, _slip_ko, _slip_ko, _head_ko, _marks, _wide,
)  # fmt: skip
_WAYS_EN: tuple[Callable[[str, Random], str], ...] = (
    _legal_en, _legal_en, _legal_en, _case, _case, _slip_en, _slip_en, _spaces, _marks, _short, _the, _head_en,
)  # fmt: skip


def rows() -> list[tuple[str, str, str]]:
    """(half, company, name): companies of one family stand in one half; no name stands in the set twice."""
    words = tomllib.loads((HERE / "words.toml").read_text("utf-8"))
    rng, taken, found = Random(SEED), dict[str, int](), dict[str, tuple[str, str, str]]()
    families = iter([*known()])
    company, half, more = 0, "", made(words, rng)
    while company < NAMES:
        literal = next(families, None)
        half = rng.choice(("open", "held"))
        for names in literal if literal is not None else next(more):
            if company == NAMES or _bare(names[0]) in taken:
                continue
            company += 1
            for name in [*names, *([] if len(names) > 1 else _some(names[0], rng))]:
                if taken.setdefault(_bare(name), company) == company:
                    found[name] = (half, f"c{company:04d}", name)
    return rng.sample([*found.values()], len(found))


def _some(name: str, rng: Random) -> list[str]:
    if rng.random() >= WITH_VARIANT:
        return []
    ways = variants(name, rng)
    return [next(ways) for _ in range(1 + (rng.random() < ANOTHER))]


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).casefold()


def main() -> None:
    """Print the set as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("half", "company", "name"), *rows()])
    sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
