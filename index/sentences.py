"""Where sentences begin and end, exactly, also in headings, lists and text wrapped at a fixed width.

Own rules instead of punkt: loading punkt costs two seconds of CPU, and on news text it ends sentences at "No." and in
numbered lists, joins headings to what follows, and runs over an ellipsis. These rules cost one pass and import nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from index.outline import is_row
from index.values import Span

# Never end a sentence: a name or a number follows.
_TITLES = frozenset(
    """adm brig capt cmdr col cpl dr drs gen gov hon insp lt maj messrs mr mrs ms mx pres prof rep rev sen sgt sir st supt
    amb atty att fr justice fig figs eq eqs ch sec secs vol vols pp ed eds approx ca cf viz vs v al e.g i.e art arts""".split()
)
# End a sentence only when a word follows that usually begins one.
_SHORTENED = frozenset(
    """u.s u.k u.n e.u u.a.e u.s.s.r d.c a.m p.m b.c a.d ph.d m.a b.a m.d etc inc ltd co corp plc bros llc llp jr sr esq dept univ est
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat ave blvd rd no nos""".split()
)
_STARTERS = frozenset(
    """the a an he she it they we you i this that these those there but and or so yet in on at by for from with as if when while
    after before since although though however moreover meanwhile according his her its their our my what who why how where
    now then also even still such many some most all both each no not yes once until despite during under among""".split()
)
# The same in other languages; none of them is an English word. Of a list's end ("usw.") the next sentence may be joined to it.
_SHORTENED_ELSEWHERE = frozenset(
    """z.b d.h u.a z.t u.ä i.d.r v.a o.ä s.o s.u bzw usw ggf evtl inkl exkl zzgl bspw sog vgl nr abs ziff lit str hr dipl ing mag mio
    mrd tel geb gest hrsg jh jhd mme mlle mm bd p.ex c.-à-d env boul chap sra sras srta ud uds pág págs núm tel ee dña excmo
    sig sigg sig.ra dott dott.ssa avv ecc pag es n.b exmo exma ltda mevr dhr bijv enz m.b.t o.a d.w.z t.a.v tj tzw np m.in ul pl al
    godz pkt poz tys mln mld woj pow bl.a f.eks m.fl m.v o.l pst kl kap t.ex s.k bl esim ns ym mm jne klo tlf
    г гг в вв ул д стр руб коп тыс млн млрд им см рис кв корп т.е т.д т.п т.к н.э и.о проф акад просп пл пер обл р-н
    вул буд грн стор ред κ κα κος κων π.χ δηλ αρ σελ κ.λπ κ.ά χλμ""".split()
)
# Before an ordinal: "im 19. Jahrhundert", "der 2. Weltkrieg".
_BEFORE_ORDINAL = re.compile(
    r"(?:^|\W)(?:der|das|dem|des|im|vom|zum|zur|beim|eine[mnrs]?|ihre[mnrs]?|seine[mnrs]?)\s+\d{1,3}$", re.I
)
_GERMAN_MONTHS = frozenset("januar jänner februar feber märz mai juni juli oktober dezember".split())
_SHARED_MONTHS = frozenset(
    "april august september november".split()
)  # English too: a year follows, or a German word stands before
_BEFORE_GERMAN_DAY = re.compile(r"(?:^|\W)(?:am|vom|bis|zum|ab|seit|den|dem|der|und|oder|stand:?)\s+\d{1,2}$", re.I)
_YEAR_FOLLOWS = re.compile(r"\s*\w+\s+\d{4}\b")
# What goes on behind a quotation's end.
_GOES_ON = frozenset("とっはがをにでもの、，と说說道")
# Possessive, and never begun inside a run: a million dots cost a million steps.
_END = re.compile(
    r"(?<![.!?…‽؟۔।])(?P<mark>[.!?…‽؟۔।]++)(?P<close>[\"'”’»)\]}]*+)(?=\s)|(?P<cjk>[。！？｡]++[」』”’）]*+|(?<=\S\S)[۔।॥؟](?=[^\W\d_]))"
)
_WORD_BEFORE = re.compile(r"[^\W\d_][\w.'’-]*$|[^\W\d_]$")
_FIRST_WORD = re.compile(r"[^\w\s]*(\w[\w'’]*)?")
_NUMBERED = re.compile(r"[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})$")
_MARKED = re.compile(rf"(?:{_NUMBERED.pattern[:-1]}|[12]\d{{3}})")  # "1859. The railway came."
_BULLET = re.compile(r"\s*(?:[-*•‣▪●–—](?:\s|$)|[(\[]?(?:\d{1,3}|[a-zA-Z])[.)\]](?:\s|$))")
_ONLY_BULLET = re.compile(r"\s*(?:[-*•‣▪●–—]|[(\[]?(?:\d{1,3}|[a-zA-Z])[.)\]])\s*$")
_CLOSES = re.compile(r"[.!?…:;。！？：；؟۔।][\"'”’»)\]}]*$")
_QUOTE_ENDS = ("」", "』", "”", "’", "）")
LONGEST_AROUND = 1_000
_MARK_CHARS = 12
_WIDEST_WRAP = 120
_NARROWEST_WRAP = 40


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """The sentences of `text[start:end]`, in order.

    A blank line always ends a sentence; so does the end of a line, unless the lines are wrapped at a width. A heading or a
    list item is a sentence of its own.

    Returns:
        Spans of the whole text, disjoint, without surrounding white space; together they hold every other character.

    >>> [(s.start, s.end) for s in sentence_spans("Gen. Rao left. He won 2.5 points.")]
    [(0, 14), (15, 33)]
    """
    return list(iter_sentences(text, start, end))


def iter_sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """The sentences of `sentence_spans`, one by one."""
    for unit in _units(text, start, len(text) if end is None else end):
        yield from _sentences_of_unit(text, unit)


def sentences_around(text: str, span: Span, count: int) -> tuple[Span, Span]:
    """The `count` sentences before `span` and after it; an empty span at its edge where there is none.

    Only `count` x LONGEST_AROUND characters are looked at on either side, so that a text without sentences costs no more.
    """
    reach = count * LONGEST_AROUND
    first, last = max(0, span.start - reach), min(len(text), span.end + reach)
    before = sentence_spans(text, first, span.start)[-count:] if count else []
    after = sentence_spans(text, span.end, last)[:count] if count else []
    return (
        Span(before[0].start if before else span.start, span.start),
        Span(span.end, after[-1].end if after else span.end),
    )


def _units(text: str, start: int, end: int) -> Iterator[Span]:
    """Runs of lines that belong together: a paragraph, a wrapped paragraph, a heading, a list item."""
    block: list[Span] = []
    for line in _lines(text, start, end):
        if text[line.start : line.end].strip():
            block.append(line)
        else:
            yield from _units_of_block(text, block)
            block = []
    yield from _units_of_block(text, block)


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    at = start
    while at < end:
        newline = text.find("\n", at, end)
        stop = end if newline < 0 else newline
        yield Span(at, stop)
        at = stop + 1


def _units_of_block(text: str, block: list[Span]) -> Iterator[Span]:
    if not block:
        return
    width = max(line.end - line.start for line in block)
    first = block[0].start
    for line, following in pairwise(block):
        if not _continues(text, line, following, width=width, lines=len(block)):
            yield Span(first, line.end)
            first = following.start
    yield Span(first, block[-1].end)


def _continues(text: str, line: Span, following: Span, *, width: int, lines: int) -> bool:
    """Whether the end of `line` is only the edge of the page and its paragraph goes on."""
    here = text[line.start : line.end].strip()[-_WIDEST_WRAP:]
    beyond = text[following.start : min(following.end, following.start + _WIDEST_WRAP)].strip()
    if _ONLY_BULLET.fullmatch(here):
        return not _BULLET.match(beyond)
    if is_row(text, line) or is_row(text, following):
        return False
    if width > _WIDEST_WRAP or width < _NARROWEST_WRAP or _BULLET.match(beyond):
        return False
    length = line.end - line.start
    word = _FIRST_WORD.match(beyond)
    if beyond[:1].islower():
        return length >= width * 0.5
    needed = length + 1 + (len(word.group(0)) if word else 0)
    if _CLOSES.search(here):
        return needed > width * 0.8
    return lines >= 3 and needed > width * 0.9


def _sentences_of_unit(text: str, unit: Span) -> Iterator[Span]:
    begin = _skip_space(text, unit.start, unit.end)
    for match in _END.finditer(text, begin, unit.end):
        stop = match.end()
        following = _skip_space(text, stop, unit.end)
        if following >= unit.end:
            break
        if match.group("cjk"):
            if match.group().endswith(_QUOTE_ENDS) and text[following] in _GOES_ON:
                continue
        elif not _ends(text, begin, match, following, unit.end):
            continue
        yield Span(begin, stop)
        begin = following
    stop = unit.end
    while stop > begin and text[stop - 1].isspace():
        stop -= 1
    if stop > begin:
        yield Span(begin, stop)


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _ends(text: str, begin: int, match: re.Match[str], following: int, end: int) -> bool:
    """Whether the mark at `match` ends the sentence that began at `begin`, given what follows it."""
    beyond = _FIRST_WORD.match(text, following, min(end, following + 60))
    next_word = (beyond.group(1) or "") if beyond else ""
    if next_word[:1].islower():
        return False
    mark = match.group("mark")
    if mark != ".":
        return True
    word = _WORD_BEFORE.search(text, max(begin, match.start() - 40), match.start())
    before = text[max(begin, match.start() - 6) : match.start()]
    if match.start() - begin <= _MARK_CHARS and _MARKED.fullmatch(text[begin : match.start()].strip(" #")):
        return False
    if before[-1:].isdigit() and next_word and _is_ordinal(text, begin, match, next_word.lower(), following):
        return False
    if word is None or match.group("close"):
        return True
    ended = word.group(0)
    lowered = ended.lower()
    if len(ended) == 1 and ended.islower() and len(next_word) == 1:  # "z. B."
        return False
    if len(ended) == 1 and ended.isupper():
        return ended == "I" and next_word.lower() in _STARTERS
    if lowered in _TITLES or lowered in _SHORTENED_ELSEWHERE:
        return False
    if lowered in _SHORTENED or (
        len(ended) > 2 and "." in ended and len(ended.replace(".", "")) <= 4 and ended.isupper()
    ):
        if lowered in ("no", "nos"):
            return not next_word[:1].isdigit()
        return next_word.lower() in _STARTERS
    return True


def _is_ordinal(text: str, begin: int, match: re.Match[str], next_word: str, following: int) -> bool:
    """Whether a number with a point is the day of a German month, or counts what follows it."""
    before = text[max(begin, match.start() - 16) : match.start()]
    if next_word in _GERMAN_MONTHS:
        return True
    if next_word in _SHARED_MONTHS:
        return bool(_BEFORE_GERMAN_DAY.search(before) or _YEAR_FOLLOWS.match(text, following, following + 30))
    return bool(_BEFORE_ORDINAL.search(before))
