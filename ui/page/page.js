// What the parts of the page share: presses in its own markup, commands to Python, what is spoken, where the focus stays.
"use strict";

const Dossier = (() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const carried = (button) => one("i[hidden]", button)?.textContent ?? "";
  const narrow = () => window.matchMedia("(max-width: 760px)").matches;

  function write(box, text) {
    const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set;
    set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Hand a command to Python: a hidden text box carries it, a hidden button sends it. One for a part of the page that is
  // not built yet waits for it.
  const early = [];
  function send(name, text) {
    const [box, button] = ["textarea, input", "button"].map((part) => one(`#command-${name} :is(${part})`));
    if (!box || !button) return void early.push([name, text]);
    write(box, text);
    setTimeout(() => button.click(), 0);
    awaitNews();
  }

  // Gradio ends its stream of events when nothing is awaited. A press in that very moment is answered and not heard, until the next
  // one opens the stream again: while nothing has come of a press, the next one is made here, ever less often.
  const FIRST_NUDGE_MS = 1000, LAST_NUDGE_MS = 32000;
  let nudging = 0;
  function awaitNews(wait = FIRST_NUDGE_MS) {
    clearTimeout(nudging);
    if (wait > LAST_NUDGE_MS) return;
    nudging = setTimeout(() => {
      one("#command-nudge button")?.click();
      awaitNews(2 * wait);
    }, wait);
  }
  const isNews = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(".dossier") || one(".dossier", node));
  const hear = (records) => records.some((record) => [...record.addedNodes].some(isNews)) && clearTimeout(nudging);

  // ---- one listener for every press, so that markup can come and go
  const presses = [];
  const onPress = (selector, act) => presses.push([selector, act]);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".dossier button");
    if (button) presses.find(([selector]) => button.matches(selector))?.[1](button);
  });

  onPress(".sign-out", async () => {
    await fetch("sign-out", { method: "POST", body: new URLSearchParams() });
    location.assign("sign-in");
  });

  // ---- one observer for every change: a part of the page is told when its markup is another
  const changes = [];
  const onChange = (selector, act) => changes.push({ selector, act, shown: null });
  const settled = [];
  const onSettled = (act) => settled.push(act);
  new MutationObserver((records) => {
    hear(records);
    settled.forEach((act) => act());
    for (const change of changes) {
      const now = one(`${change.selector} .dossier`);
      if (now === change.shown) continue;
      change.shown = now;
      change.act(now);
    }
    keepFocus();
  }).observe(document.documentElement, { childList: true, subtree: true });

  // ---- the focus stays where it was when the markup around it is replaced
  let focused = null;
  const alike = (root, { tag, name, carries }) => all(tag, root).filter((other) => other.classList[0] === name && carried(other) === carries);
  document.addEventListener("focusin", ({ target }) => {
    const root = target.closest(".dossier")?.closest("[id]");
    focused = null;
    if (!root || target.id) return;
    const like = { tag: target.tagName, name: target.classList[0], carries: carried(target) };
    focused = { target, root, ...like, at: alike(root, like).indexOf(target) };
  });
  document.addEventListener("pointerdown", () => (focused = null));
  function keepFocus() {
    if (!focused || focused.target.isConnected || document.activeElement !== document.body) return;
    const found = alike(focused.root, focused);
    (found[focused.at] ?? found[0] ?? one("mark, [tabindex='0']", focused.root))?.focus({ preventScroll: true });
  }

  onSettled(() => early.splice(0).forEach((command) => send(...command)));

  // ---- the faces that come with Gradio weigh more than all of the page: after it is there, and not where the way to it is narrow
  const dress = () => {
    const way = navigator.connection;
    if (!way?.saveData && !/2g|3g/.test(way?.effectiveType ?? "")) document.documentElement.classList.add("faces");
  };
  let dressed = false;
  onSettled(() => {
    if (dressed || !one("#answer .dossier")) return;
    dressed = true;
    setTimeout(dress, 300);
  });

  // ---- what the sanitiser takes off the markup, and what only the browser knows
  onSettled(() => {
    for (const id of ["status", "report"]) {
      const element = document.getElementById(id);
      if (!element || element.hasAttribute("aria-live")) continue;
      element.setAttribute("role", "status");
      element.setAttribute("aria-live", "polite");
    }
    for (const box of all(".command :is(textarea, input, button):not([aria-hidden])")) {
      box.tabIndex = -1;
      box.setAttribute("aria-hidden", "true");
    }
    all("th:not([scope])").forEach((cell) => cell.setAttribute("scope", "col"));
  });

  return Object.freeze({ one, all, carried, narrow, write, send, awaitNews, onPress, onChange, onSettled });
})();
