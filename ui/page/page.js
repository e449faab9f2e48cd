// Presses in the page's own markup: event delegation, so that markup can come and go.
(() => {
  "use strict";

  const one = (selector, root = document) => root.querySelector(selector);

  function write(box, text) {
    const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set;
    set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Hand a command to Python: a hidden text box carries it, a hidden button sends it.
  function send(name, text) {
    const place = one(`#command-${name}`);
    write(one("textarea, input", place), text);
    setTimeout(() => one("button", place).click(), 0);
  }

  const carried = (button) => one("i[hidden]", button)?.textContent ?? "";
  const narrow = () => window.matchMedia("(max-width: 760px)").matches;

  // ---- the source panel
  function select(button) {
    const reference = carried(button);
    document.querySelectorAll(".chosen").forEach((element) => element.classList.remove("chosen"));
    document.querySelectorAll("#answer .chip, #answer .citation .open").forEach((other) => {
      if (carried(other) === reference) (other.closest(".citation") ?? other).classList.add("chosen");
    });
    one("#ask-tab-button")?.click();
    send("show", reference);
    revealMark();
    if (narrow()) one("#source").scrollIntoView({ block: "start" });
  }

  // Scroll the panel, and only the panel, to the marked words.
  function revealMark() {
    const body = one("#source .body");
    if (!body) return;
    body.setAttribute("aria-label", "Text of the source");
    const mark = one("mark", body);
    if (!mark) return;
    const offset = mark.getBoundingClientRect().top - body.getBoundingClientRect().top;
    body.scrollTop += offset - Math.min(body.clientHeight / 3, 120);
  }

  // ---- asking
  function ask(text) {
    write(one("#question textarea, #question input"), text);
    setTimeout(() => one("#send").click(), 0);
  }

  async function copy(button) {
    const card = one("#answer .stated");
    const number = (part) => `[${part.innerText.replace(/\D/g, "")}]`;
    const short = [...card.querySelectorAll(".short")].map((part) => part.textContent.trim()).join(" / ");
    const text = [...card.querySelectorAll(".text .statement, .text .chip")]
      .map((part) => (part.matches(".chip") ? number(part) : part.textContent.trim()))
      .join(" ");
    const sources = [...document.querySelectorAll("#answer .citation")].map((item) => {
      const line = (name) => one(name, item).textContent.trim();
      return `${number(one(".number", item))} ${line(".byline")}: ${line(".title")}\n    “${line(".quote")}”`;
    });
    await navigator.clipboard.writeText([short, text, sources.join("\n")].filter(Boolean).join("\n\n") + "\n");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy with sources"), 2000);
  }

  // ---- one listener for every press
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".dossier button");
    if (!button) return;
    if (button.matches(".chip, .open")) select(button);
    else if (button.matches(".example")) ask(button.textContent.trim());
    else if (button.matches(".copy")) copy(button);
    else if (button.matches(".page")) send("turn", carried(button));
    else if (button.matches(".turn")) send("recall", carried(button));
    else if (button.matches(".fresh")) {
      write(one("#question textarea, #question input"), "");
      send("begin", "");
    }
    else if (button.matches(".remove, .keep")) {
      const acts = button.closest(".acts");
      const sure = one(".sure", acts);
      sure.hidden = !button.matches(".remove");
      one(".remove", acts).hidden = !sure.hidden;
      one(sure.hidden ? ".remove" : ".keep", acts).focus();
    } else if (button.matches(".confirm")) {
      button.disabled = true;
      send("remove", carried(button));
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll(".cite.shown").forEach(hideTip);
  });

  // ---- the quote above a number: on the pointer, on the focus, away with Escape
  function showTip(cite) {
    const tip = one(".tip", cite);
    cite.classList.add("shown");
    tip.style.setProperty("--shift", "0px");
    const box = tip.getBoundingClientRect();
    const room = narrow() ? { left: 8, right: document.documentElement.clientWidth - 8 } : one("#left").getBoundingClientRect();
    const shift = box.right > room.right ? room.right - box.right : box.left < room.left ? room.left - box.left : 0;
    tip.style.setProperty("--shift", `${shift}px`);
    tip.classList.toggle("below", one(".chip", cite).getBoundingClientRect().top < box.height + 16);
  }
  function hideTip(cite) { cite.classList.remove("shown"); }
  for (const [type, act] of [["mouseover", showTip], ["focusin", showTip], ["mouseout", hideTip], ["focusout", hideTip]]) {
    document.addEventListener(type, (event) => {
      const cite = event.target.closest?.(".cite");
      if (cite && !cite.contains(event.relatedTarget)) act(cite);
    });
  }

  // ---- what the sanitiser takes off the markup, and what only the browser knows
  let tips = 0;
  function finish() {
    document.querySelectorAll(".cite:not([data-finished])").forEach((cite) => {
      cite.dataset.finished = "";
      const tip = one(".tip", cite);
      tip.id = `tip-${(tips += 1)}`;
      one(".chip", cite).setAttribute("aria-describedby", tip.id);
    });
    document.querySelectorAll("th:not([scope])").forEach((cell) => cell.setAttribute("scope", "col"));
  }

  function live(id, politeness) {
    const element = one(id);
    if (element && !element.hasAttribute("aria-live")) {
      element.setAttribute("role", "status");
      element.setAttribute("aria-live", politeness);
    }
  }

  function setUp() {
    live("#status", "polite");
    live("#report", "polite");
    document.querySelectorAll(".command textarea, .command input, .command button").forEach((box) => {
      box.tabIndex = -1;
      box.setAttribute("aria-hidden", "true");
    });
    const answer = one("#answer");
    if (answer && !one("#waiting")) {
      const line = document.createElement("p");
      line.id = "waiting";
      line.className = "sr";
      line.setAttribute("role", "status");
      answer.before(line);
    }
    finish();
  }

  // While an answer is being looked for, Gradio's own tracker over the answer is not hidden; say so aloud.
  function announce() {
    const busy = one("#answer [data-testid='status-tracker']:not(.hide)") !== null;
    const line = one("#waiting");
    if (!line || line.dataset.busy === String(busy)) return;
    line.dataset.busy = String(busy);
    line.textContent = busy ? "Reading the documents …" : "";
    one("#answer").setAttribute("aria-busy", String(busy));
  }

  let source = null;
  let answer = null;
  new MutationObserver(() => {
    setUp();
    announce();
    const now = one("#source .dossier");
    if (now !== source) { source = now; revealMark(); }
    const shown = one("#answer .dossier");
    if (shown !== answer) { answer = shown; chooseFirst(); }
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });

  function chooseFirst() {
    if (one("#answer .chosen")) return;
    const first = one("#answer .citation");
    if (!first) return;
    first.classList.add("chosen");
    const reference = carried(one(".open", first));
    document.querySelectorAll("#answer .chip").forEach((chip) => carried(chip) === reference && chip.classList.add("chosen"));
  }
})();
