"""What the markup of a web page says about its source: JSON-LD, meta elements, dates that are marked as the publication's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from index.dates import published
from index.lines import LABELS
from index.load.extracted import keywords
from index.provenance import merge, split_site_name
from index.values import DateSource, Provenance, Published

_ARTICLE_TYPES = re.compile(r"(?:Article|Posting|Report|WebPage|CreativeWork|Book)$")
_KINDS = {"OpinionNewsArticle": "opinion", "AnalysisNewsArticle": "analysis", "ReportageNewsArticle": "report"}
_META_DATES = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "date_published", "publishdate", "publish-date", "pubdate", "publication_date",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "dc.date.created", "citation_publication_date", "citation_date", "cxenseparse:recs:publishtime", "date",
)  # fmt: skip
_META_AUTHORS = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
)
_META_OUTLETS = (
    "og:site_name",
    "application-name",
    "dc.publisher",
    "dcterms.publisher",
    "citation_journal_title",
    "publisher",
)
_META_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
_META_NAMES = {"article:section": "section", "article:tag": "tags", "news_keywords": "keywords"}
_PROVENANCE = frozenset((*_META_DATES, *_META_AUTHORS, *_META_OUTLETS, *_META_TITLES, "title"))
# What speaks to browsers, search engines and other sites.
_TECHNICAL = re.compile(
    r"og:|fb:|twitter:|al:|ia:|msapplication|msvalidate|apple-|mobile-|google|bing|yandex|pinterest|csrf|viewport$|robots$|referrer$|theme-color$|color-scheme$"
    r"|format-detection$|generator$|handheldfriendly$|verify|article:(?:author|publisher|opinion)|parsely|sailthru|cxense|.*(?:verification|token)"
)
_MOST_BLOCKS = 50
_UNDATING = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->|<meta[^>]{0,300}(?:modif|updat|revis|copyright|expir|generator)[^>]{0,500}>",
    re.I | re.S,
)


def provenance_of(tree: Any, source: str) -> Provenance:
    """What JSON-LD says, then the meta elements, then what marks a date as the publication's.

    Args:
        tree: The whole page.
        source: Its text, for what is only found there.
    """
    linked = _from_json_ld(tree)
    meta = _from_meta(tree)
    said = merge(linked, meta)
    when = said.published or _time_element(tree) or _dated_by_markup(source)
    return Provenance(said.title, said.publisher, said.author, when, said.kind)


def metadata_of(tree: Any) -> dict[str, object]:
    """What the meta elements of a page say of it besides its provenance: description, keywords, section, tags, and their own names."""
    found: dict[str, list[str]] = {}
    for element in tree.xpath("//meta")[:500]:
        name = (element.get("name") or element.get("property") or "").strip().lower()
        value = _text(element.get("content"))
        if value and not _TECHNICAL.match(name) and name not in _PROVENANCE:
            found.setdefault(_META_NAMES.get(name, name), []).append(value)
    said: dict[str, object] = {name: one if len(one) > 1 else one[0] for name, one in found.items() if name}
    for name in ("keywords", "tags"):
        said[name] = [word for listed in found.get(name, ()) for word in keywords(listed)]
    return said


def _from_json_ld(tree: Any) -> Provenance:
    found = Provenance()
    for element in tree.xpath("//script[@type='application/ld+json']")[:_MOST_BLOCKS]:
        try:
            block = json.loads(element.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for item in _items(block):
            kinds = [kind for kind in _listed(item.get("@type")) if isinstance(kind, str)]
            if any(_ARTICLE_TYPES.search(kind) for kind in kinds):
                said = Provenance(
                    title=_text(item.get("headline") or (item.get("name") if "headline" not in item else None)),
                    publisher=_names(item.get("publisher")),
                    author=_names(item.get("author")),
                    published=published(str(item.get("datePublished") or ""), "json-ld"),
                    kind=next((_KINDS[kind] for kind in kinds if kind in _KINDS), _label(item.get("articleSection"))),
                )
                found = merge(found, said)
    return found


def _items(block: Any) -> Iterator[dict[str, Any]]:
    for item in _listed(block)[:_MOST_BLOCKS]:
        if isinstance(item, dict):
            yield item
            for inner in _listed(item.get("@graph"))[:_MOST_BLOCKS]:
                if isinstance(inner, dict):
                    yield inner


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    plain = " ".join(re.sub(r"<[^>]{0,300}>", "", value).split())
    return plain[:300] or None


def _names(value: Any) -> str | None:
    names = [_text(item.get("name") if isinstance(item, dict) else item) for item in _listed(value)[:10]]
    return ", ".join(name for name in names if name and not name.startswith(("http:", "https:", "#", "@"))) or None


def _label(value: Any) -> str | None:
    return next(
        (
            LABELS[item.strip().lower()]
            for item in _listed(value)
            if isinstance(item, str) and item.strip().lower() in LABELS
        ),
        None,
    )


def _from_meta(tree: Any) -> Provenance:
    said: dict[str, str] = {}
    for element in tree.xpath("//meta")[:500]:
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        value = _text(element.get("content"))
        if value:
            said.setdefault(name.strip().lower(), value)
    author = _first(said, _META_AUTHORS)
    heading = _text(" ".join(tree.xpath("string(//title)").split()))
    title, outlet = split_site_name(_first(said, _META_TITLES) or _single_heading(tree) or heading or "")
    if outlet is None and heading:
        outlet = split_site_name(heading)[1]
    return Provenance(
        title=title or None,
        publisher=_first(said, _META_OUTLETS) or outlet,
        author=None if author and author.startswith(("http:", "https:", "@")) else author,
        published=next((when for name in _META_DATES if (when := _stamp(said.get(name), "meta"))), None),
        kind=_label(said.get("article:section")),
    )


def _stamp(value: str | None, source: DateSource) -> Published | None:
    return published(value, source) if value else None


def _first(said: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((said[name] for name in names if name in said), None)


def _single_heading(tree: Any) -> str | None:
    headings = tree.xpath("//h1")
    return _text(headings[0].text_content()) if len(headings) == 1 else None


def _time_element(tree: Any) -> Published | None:
    """A <time> that is marked as the publication's; any other may date a comment or an event."""
    for element in tree.xpath(
        "//time[@pubdate or contains(@itemprop, 'datePublished')] | //*[@itemprop='datePublished']"
    )[:5]:
        if when := _stamp(element.get("datetime") or element.get("content") or _text(element.text_content()), "meta"):
            return when
    return None


def _dated_by_markup(source: str) -> Published | None:
    """What htmldate finds in the head's own fields; it is not let loose on the text, where it would guess."""
    from htmldate import find_date

    head = re.search(r"<head\b.*?</head>", source[:300_000], re.I | re.S)
    if head is None:
        return None
    bare = _UNDATING.sub("", head.group(0))
    latest = datetime.now(UTC).strftime("%Y-%m-%d")
    found = find_date(f"<html>{bare}<body></body></html>", original_date=True, extensive_search=False, max_date=latest)
    # htmldate makes 1 January out of a bare year: only a day that is written there counts.
    if not found or not any(found.replace("-", mark) in bare for mark in ("-", "/", "", ".")):
        return None
    return published(found, "meta")
