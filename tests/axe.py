"""What axe-core calls serious or critical on a page, looked for while nothing on it changes."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TRIES = 200
RUN = f"""async () => {{
  const frame = () => new Promise(requestAnimationFrame);
  let changes = 0;
  const watch = new MutationObserver((seen) => (changes += seen.length));
  watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
  try {{
    await document.fonts.ready;
    for (let tries = 0; tries < {TRIES}; tries++) {{
      changes = 0;
      await frame();
      await frame();
      if (changes || document.getAnimations().some((one) => one.playState === "running" && one.effect.getTiming().iterations < 9)) continue;
      const {{ passes, violations }} = await axe.run(document);
      if (changes) continue; // it looked at two states of the page at once
      if (passes.length < 5) return ["axe looked at nothing"];
      return violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => `${{one.impact}} ${{one.id}}: ${{one.nodes.length}} x ${{one.nodes[0].html.slice(0, 160)}} ${{one.nodes[0].any[0]?.message ?? ""}}`);
    }}
    return ["the page does not come to rest"];
  }} finally {{
    watch.disconnect();
  }}
}}"""


def serious(page: Page) -> list[str]:
    """The violations, once the page has come to rest; a page whose policy keeps other scripts out has to set it aside for axe."""
    page.wait_for_load_state()
    page.evaluate(f"if (!window.axe) {{ {AXE} }}")
    violations: list[str] = page.evaluate(RUN)
    return violations
