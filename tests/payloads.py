"""Forty ways in which a text tries to become more than text, for every place where a text is shown (S9, S10, U1-U3, D15).

`SINK` is where a request would land; `hacked(...)` is what an execution would call.
"""

from __future__ import annotations

import unicodedata

PAYLOADS: dict[str, str] = {
    # code
    "script": "<script>hacked('script');fetch('SINK/script')</script>",
    "script source": "<script src='SINK/src.js'></script>",
    "handler": "<img src=x onerror=\"hacked('handler')\">",
    "handler of an svg": "<svg onload=\"hacked('svg')\"><animate onbegin=\"hacked('svg')\" attributeName=x dur=1s></svg>",
    "handler that focuses itself": "<input autofocus onfocus=\"hacked('focus')\"><details open ontoggle=\"hacked('toggle')\">",
    "javascript link": "<a href=\"javascript:hacked('href')\">click here</a>",
    "javascript link in pieces": "<a href=\"java&#x0A;script&colon;hacked('href')\">click here</a>",
    "markdown javascript": "[click here](javascript:hacked('markdown'))",
    "srcdoc": "<iframe srcdoc=\"<script>parent.hacked('srcdoc')</script>\"></iframe>",
    "data frame": "<iframe src=\"data:text/html,<script>parent.hacked('data')</script>\"></iframe>",
    "mathml": "<math><maction actiontype=statusline xlink:href=\"javascript:hacked('math')\">x</maction></math>",
    "mathml that breaks out": "<math><mtext><table><mglyph><style><img src=x onerror=\"hacked('mxss')\">",
    "noscript that breaks out": "<noscript><p title=\"</noscript><img src=x onerror=hacked('noscript')>\">",
    "out of an attribute": "\"><img src=x onerror=hacked('attr')>' onmouseover='hacked(1)' x='",
    "out of what surrounds it": "</mark></div></article></textarea></title></style></script><script>hacked('out')</script>",
    "template literal": "${hacked('literal')} `;hacked('tick');//` \\`${hacked('tick')}\\`",
    "handlebars": "{{constructor.constructor(\"hacked('braces')\")()}} {{#with x}}{{/with}} {% debug %}",
    "html comment": "<!--><script>hacked('comment')</script>--> <![CDATA[<script>hacked('cdata')</script>]]>",
    "broken tag": "<scr<script>ipt>hacked('nested')</scr</script>ipt><img/src=x/onerror=hacked('slash')//",
    "entities": "&lt;script&gt;hacked('entities')&lt;/script&gt; &#60;img src=x onerror=hacked(2)&#62;",
    # requests
    "markdown image": "![a picture](SINK/md.png)",
    "reference image": "![a picture][there]\n\n[there]: SINK/ref.png",
    "html image": "<img src='SINK/img.png' srcset='SINK/set.png 2x'>",
    "svg image": "<svg><image href='SINK/svg.png'/><use xlink:href='SINK/use.svg#a'/></svg>",
    "media": "<video poster='SINK/poster.png' autoplay><source src='SINK/v.mp4'></video><audio src='SINK/a.mp3' autoplay></audio>",
    "css": "<style>@import url(SINK/import.css); *{background:url(SINK/bg.png)}</style><p style='background:url(SINK/p.png)'>x</p>",
    "hints": "<link rel=prefetch href='SINK/prefetch'><link rel=preconnect href='SINK'><link rel=dns-prefetch href='SINK'><link rel=stylesheet href='SINK/s.css'>",
    "object": "<object data='SINK/object'></object><embed src='SINK/embed'><applet code='SINK/applet'></applet>",
    "refresh": "<meta http-equiv=refresh content='0;url=SINK/refresh'>",
    "base": "<base href='SINK/base/'><img src='relative.png'>",
    "form": "<form action='SINK/form' id=f><input name=key><button formaction='SINK/button'>Log in</button></form><button form=f>Go on</button>",
    "ping": "<a href='#' ping='SINK/ping'>x</a><area href='SINK/area'><img usemap='#m' src=x>",
    # what misleads
    "autolink": "Log in at <SINK/autolink> or SINK/bare or www.example.com/login to go on.",
    "markdown link": "[Log in to go on](SINK/login)",
    "overlay": "<div style='position:fixed;inset:0;z-index:99999;background:#fff'><h1>Session expired</h1></div>",
    "latex": "$$\\href{SINK/latex}{x}$$ \\(\\unicode{x3c}script\\) $\\htmlStyle{color:red}{x}$",
    "mermaid and headings": "\n\n# A heading\n\n```mermaid\ngraph TD; A-->B; click A href 'SINK/mermaid'\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n> quoted\n\n- [ ] box",
    "direction": "price \u202e001\u202c crowns \u2066evil\u2069 \u200fright\u200e",
    "control characters": "bell \x07 escape \x1b[31m null \x00 back \x08 delete \x7f nel \x85",
    "letters that look alike": "https://аррӏе.com/ xn--80ak6aa92e.com раураl.com ɡoogle.com",
}
"""Name to text; braces are doubled where they stand for themselves beside `SINK`, see `payloads`."""

DANGEROUS = (
    "script, style, link, meta, base, iframe, frame, object, embed, applet, img, picture, image, svg, math, video, audio, "
    "source, track, canvas, form, textarea, noscript, template, dialog, marquee, area, map"
)
"""Elements that none of the page's own markup has."""

TRAP = """
window.ran = [];
window.hacked = (what) => window.ran.push(String(what));
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = (what) => { window.ran.push(name + " " + what); };
"""
"""Runs before any script of the page: what a payload would call only leaves its name."""

FOUND = """dangerous => {
  const found = [];
  for (const place of document.querySelectorAll(".dossier")) {
    for (const element of place.querySelectorAll(dangerous)) found.push("element " + element.outerHTML.slice(0, 200));
    for (const element of place.querySelectorAll("*"))
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on") || /^(style|src|srcset|srcdoc|action|formaction|ping|poster|data|background|xlink:href)$/.test(name)
            && !(name === "style" && /^((--[a-z-]+|height|width|left|top): ?[-\\d.]+(px|%)?;? ?)*$/.test(value)))
          found.push(`attribute ${name}="${value}"`);
        if (name === "href" && new URL(value, document.baseURI).origin !== location.origin) found.push(`link ${value}`);
      }
  }
  return found;
}"""
"""What a payload has become in the markup of the page, given `DANGEROUS`; nothing, if all is well."""


def payloads(sink: str) -> dict[str, str]:
    """The texts, with an address of the test's own to ask."""
    return {name: text.replace("SINK", sink) for name, text in PAYLOADS.items()}


def as_shown(text: str) -> str:
    """The text as a page shows it: what no browser can show stands for itself, white space is one."""
    visible = "".join("\ufffd" if unicodedata.category(one) == "Cc" and not one.isspace() else one for one in text)
    return " ".join(visible.split())
