import json

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.values import Published
from tests.documents import FIRST, SECOND

THIRD = "Islanders had waited for the decision since the autumn storms, when the old pier was lost and the mail came by helicopter."
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in (FIRST, SECOND, THIRD, f"{SECOND} {FIRST}"))


def load(folder, content, name="page.html"):
    path = folder / "content"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse_file(path, name, max_bytes=10_000_000)


def page(body=PARAGRAPHS, head=""):
    return f"<!DOCTYPE html><html><head><title>The ferry returns | Harrow Courier</title>{head}</head><body><nav>Home News Sport</nav><article><h1>The ferry returns</h1>{body}</article></body></html>"


def test_the_main_text_is_read_and_the_frame_is_not(tmp_path):
    parsed = load(tmp_path, page())
    body = "\n".join(parsed.text[span.start : span.end] for span in parsed.body)
    assert FIRST in body and SECOND in body and THIRD in body
    assert "Home News Sport" not in parsed.text
    assert (parsed.provenance.title, parsed.provenance.publisher) == ("The ferry returns", "Harrow Courier")


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">SECRET WORDS for machines, not for people at all.</p>',
        '<div style="visibility: hidden"><p>SECRET WORDS for machines, not for people at all.</p></div>',
        '<p style="font-size:1px">SECRET WORDS for machines, not for people at all.</p>',
        '<p style="position:absolute;left:-9999px">SECRET WORDS for machines, not for people at all.</p>',
        "<p hidden>SECRET WORDS for machines, not for people at all.</p>",
        '<p aria-hidden="true">SECRET WORDS for machines, not for people at all.</p>',
        "<!-- SECRET WORDS -->",
        "<script>var a = 'SECRET WORDS';</script>",
        "<noscript><p>SECRET WORDS</p></noscript>",
        "<template><p>SECRET WORDS</p></template>",
        "<style>p::after { content: 'SECRET WORDS' }</style>",
        '<img alt="SECRET WORDS" src="x.png">',
    ],
)
@pytest.mark.parametrize("body", [PARAGRAPHS, f"<p>{FIRST}</p>"])
def test_what_a_visitor_does_not_see_is_never_in_the_text(tmp_path, hidden, body):
    parsed = load(tmp_path, page(body + hidden + f"<p>{THIRD}</p>"))
    assert "SECRET" not in parsed.text
    assert THIRD in parsed.text


def test_json_ld_says_who_and_when(tmp_path):
    block = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Other"},
            {
                "@type": ["NewsArticle", "OpinionNewsArticle"],
                "headline": "The ferry must return",
                "datePublished": "2024-03-01T08:30:00+01:00",
                "dateModified": "2024-05-01",
                "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
                "publisher": {"@type": "Organization", "name": "Harrow Courier"},
            },
        ],
    }
    parsed = load(tmp_path, page(head=f'<script type="application/ld+json">{json.dumps(block)}</script>'))
    said = parsed.provenance
    assert (said.title, said.publisher, said.author, said.kind) == (
        "The ferry must return",
        "Harrow Courier",
        "Ann Lee, Bo Ek",
        "opinion",
    )
    assert said.published == Published("2024-03-01", "day", "json-ld")


def test_meta_elements_say_who_and_when(tmp_path):
    head = """<meta property="og:site_name" content="Harrow Courier"><meta name="author" content="Ann Lee">
    <meta property="article:published_time" content="2024-03-01T08:30:00Z"><meta property="article:modified_time" content="2024-06-01">"""
    said = load(tmp_path, page(head=head)).provenance
    assert (said.publisher, said.author, said.published) == (
        "Harrow Courier",
        "Ann Lee",
        Published("2024-03-01", "day", "meta"),
    )


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", "<footer>© 2019 Harrow Courier</footer>"),
        ('<meta name="copyright" content="2019">', ""),
        ('<meta property="article:modified_time" content="2024-06-01">', ""),
        ("", "<p>The storm came on 6 November 2023.</p>"),
        ("", '<time datetime="2023-11-06">the day of the storm</time>'),
        (
            '<script type="application/ld+json">{"@type": "Event", "startDate": "2023-11-06", "datePublished": "2023-11-06"}</script>',
            "",
        ),
        ('<script type="application/ld+json">{broken</script>', ""),
    ],
)
def test_a_page_that_does_not_say_when_is_undated(tmp_path, head, body):
    assert load(tmp_path, page(PARAGRAPHS + body, head)).provenance.published is None


def test_a_byline_in_the_text_is_used_when_the_markup_is_silent(tmp_path):
    parsed = load(tmp_path, page(f"<p>By Ann Lee</p><p>3 May 2020</p>{PARAGRAPHS}"))
    assert (parsed.provenance.author, parsed.provenance.published) == (
        "Ann Lee",
        Published("2020-05-03", "day", "dateline"),
    )


def test_a_page_of_lists_and_tables_keeps_its_visible_text(tmp_path):
    parsed = load(
        tmp_path,
        "<html><body><ul><li>Ferry 7:30</li></ul><table><tr><td>Pier</td><td>Fare 4</td></tr></table></body></html>",
    )
    assert "Ferry 7:30" in parsed.text and "Fare 4" in parsed.text


def test_all_visible_text_is_kept_when_no_main_text_is_found(tmp_path):
    parsed = load(
        tmp_path,
        "<html><body><nav><a href='/a'>Ferry 7:30</a></nav><footer><p>Fare 4, half for children, and dogs travel free on all boats.</p></footer></body></html>",
    )
    assert "Ferry 7:30" in parsed.text and "Fare 4" in parsed.text
    assert "kept all visible text: no main text was found" in parsed.notes


def test_the_encoding_that_the_page_names_is_used(tmp_path):
    text = f"<html><head><meta charset='windows-1251'></head><body><p>Паром снова пойдёт весной.</p>{PARAGRAPHS}</body></html>"
    assert "Паром снова пойдёт весной." in load(tmp_path, text.encode("cp1251")).text


def test_a_deep_page_is_refused_and_does_not_exhaust_the_stack(tmp_path):
    for deep in ("<div>" * 200_000 + FIRST, "<b>" * 3000 + FIRST + "</b>" * 3000):
        with pytest.raises(FileRefused) as refused:
            load(tmp_path, f"<html><body>{deep}</body></html>")
        assert refused.value.code == "too_complex"


def test_json_ld_that_is_very_deep_is_ignored(tmp_path):
    head = f'<script type="application/ld+json">{"[" * 100_000}</script>'
    assert load(tmp_path, page(head=head)).provenance.title == "The ferry returns"
