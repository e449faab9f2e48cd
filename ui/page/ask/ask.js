// Asking: the question, its filters, asking again, and the address of the answer that is shown.
(() => {
  "use strict";
  const { one, all, carried, write, send, awaitNews, onPress, onChange, onSettled } = Dossier;

  const LOOK_MS = 4000;
  const UNSENT = "dossier-unsent";
  const box = () => one("#question textarea, #question input");

  // ---- what is asked
  function ask(text) {
    write(box(), text);
    setTimeout(() => one("#send").click(), 0);
  }
  onPress(".example", (button) => ask(button.textContent.trim()));
  onPress(".retry", () => { busy(true); send("again", ""); });
  onPress(".turn", (button) => { send("recall", carried(button)); window.scrollTo({ top: 0 }); });
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "kind") return;
    busy(true);
    send("kind", target.value);
  });
  onPress(".fresh", () => { write(box(), ""); send("begin", ""); box().focus(); });
  onPress(".filter-chip", (button) => {
    const field = one(`#filter-${carried(button)}`);
    if (field) { field.value = ""; keepFilters(); }
    busy(true);
    send("drop", carried(button));
  });

  // ---- filters that are set by hand: they go along with every question until they are cleared
  let filters = {};
  function keepFilters() {
    const set = all(".filter").map((field) => [field.id.replace("filter-", ""), field.value]).filter(([, value]) => value);
    filters = Object.fromEntries(set);
    write(one("#command-filters :is(textarea, input)"), set.length ? JSON.stringify(filters) : "");
    sayFilters();
  }
  function sayFilters() {
    const number = Object.keys(filters).length;
    const summary = one("#filters summary");
    if (summary) summary.textContent = number ? `Filter (${number})` : "Filter";
  }
  document.addEventListener("change", (event) => event.target.matches?.(".filter") && keepFilters());
  onPress(".clear", () => {
    all(".filter").forEach((field) => (field.value = ""));
    keepFilters();
  });
  onChange("#filters", () => {
    for (const [name, value] of Object.entries(filters)) if (one(`#filter-${name}`)) one(`#filter-${name}`).value = value;
    sayFilters();
  });

  // ---- while an answer is made
  let look = 0;
  function busy(now) {
    one("#answer").setAttribute("aria-busy", String(now));
    clearInterval(look);
    if (!now) return;
    look = setInterval(lookForServer, LOOK_MS);
    awaitNews();
  }
  const working = () => one("#answer .working") !== null;
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#send") && box().value.trim()) busy(true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target.closest?.("#question") && box().value.trim()) busy(true);
  }, true);
  onChange("#status", () => busy(working()));

  async function lookForServer() {
    try {
      await fetch("livez", { cache: "no-store" });
      if (!working()) busy(false); // refused with the words that stood there before
    } catch {
      clearInterval(look);
      sayOffline();
    }
  }
  function sayOffline() {
    if (one("#offline")) return;
    const line = document.createElement("p");
    line.id = "offline";
    line.setAttribute("role", "alert");
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.addEventListener("click", () => {
      sessionStorage.setItem(UNSENT, box().value || one("#answer .question")?.textContent || "");
      location.reload();
    });
    line.append("The server cannot be reached. ", again);
    one("#asking").after(line);
    one("#answer").setAttribute("aria-busy", "false");
  }

  // ---- "Ask" gives way to "Stop" and comes back: so does the focus
  onSettled(() => {
    const [shown, hidden] = working() ? ["#stop", "#send"] : ["#send", "#stop"];
    if (document.activeElement === one(hidden)) requestAnimationFrame(() => one(shown)?.focus());
    document.documentElement.classList.toggle("asking", working());
  });

  // ---- the address of the page is that of its answer, so that a reload and a link lead back to it
  const addressed = () => new URLSearchParams(location.search).get("answer") ?? "";
  const address = (id) => {
    const { collection } = Choices.sent();
    const query = new URLSearchParams(id ? { answer: id, ...(collection ? { collection } : {}) } : {}).toString();
    return `${location.origin}${location.pathname}${query ? `?${query}` : ""}`;
  };
  let opened = false;
  onChange("#answer", (now) => {
    if (!now) return;
    if (!opened) {
      opened = true;
      if (sessionStorage.getItem(UNSENT)) write(box(), sessionStorage.getItem(UNSENT));
      sessionStorage.removeItem(UNSENT);
      if (addressed()) send("recall", addressed());
      return;
    }
    if (working()) return;
    const id = carried(one(".tools .link", now) ?? now);
    if (!one(".ended", now) && id !== addressed()) history.pushState(null, "", address(id));
    document.title = one(".question", now) ? `${one(".question", now).textContent} – Dossier` : "Dossier";
  });
  window.addEventListener("popstate", () => (addressed() ? send("recall", addressed()) : send("begin", "")));

  // ---- taking the answer along
  async function done(button, words, copied) {
    try {
      await copied;
    } catch {
      words = "Your browser did not allow it";
    }
    const before = button.innerHTML;
    button.textContent = words;
    setTimeout(() => (button.innerHTML = before), 2000);
  }
  onPress(".link", (button) => done(button, "Copied", navigator.clipboard.writeText(address(carried(button)))));
  onPress(".copy", (button) => {
    const plain = new Blob([plainText()], { type: "text/plain" });
    const rich = new Blob([richText().outerHTML], { type: "text/html" });
    done(button, "Copied", navigator.clipboard.write([new ClipboardItem({ "text/plain": plain, "text/html": rich })]));
  });

  const number = (part) => `[${part.innerText.replace(/\D/g, "")}]`;
  const said = (part) => (part.matches(".chip") ? number(part) : part.textContent.trim());
  const shorts = () => {
    const positions = all("#answer .position").map((one_) => `${one(".short", one_).textContent.trim()} (${one(".byline", one_).firstChild.textContent.trim()})`);
    return positions.length ? positions : all("#answer .card > .short").map((part) => part.textContent.trim());
  };
  const sentences = () => all("#answer .card > :is(.text, .items, .by, .grid) :is(.by, .statement, .chip, td), #answer .card > .by")
    .filter((part) => !part.matches("td:has(.cite)"));

  // ---- a grid as CSV; a cell that a sheet would run stays text
  const field = (cell) => {
    const words = cell.matches(":has(.cite)") ? all(".chip", cell).map(number).join(" ") : cell.textContent.trim();
    return `"${(/^[=+@\t\r-]/.test(words) && !/^[-+]?[\d.,%\s]+$/.test(words) ? "'" : "") + words.replaceAll('"', '""')}"`;
  };
  onPress(".grid .csv", (button) => {
    const rows = all("tr", button.closest(".grid")).map((row) => all("th, td", row).map(field).join(","));
    done(button, "Copied", navigator.clipboard.writeText(`${rows.join("\r\n")}\r\n`));
  });
  const tipOf = (item) => all("#answer .cite").find((cite) => carried(one(".chip", cite)) === carried(one(".open", item)));
  const sources = () => all("#answer .citation").map((item) => {
    const line = (name) => one(name, item).textContent.trim();
    const quote = (one(".quote", item) ?? one("q", tipOf(item) ?? item))?.textContent.trim() ?? "";
    return { number: number(one(".number", item)), about: `${line(".byline")}: ${line(".title")}`, quote: `“${quote}”` };
  });

  function plainText() {
    const listed = sources().map((source) => `${source.number} ${source.about}\n    ${source.quote}`).join("\n");
    const parts = [shorts().join(" / "), sentences().map(said).join(" "), listed];
    return `${parts.filter(Boolean).join("\n\n")}\n`;
  }

  function element(tag, ...parts) {
    const made = document.createElement(tag);
    made.append(...parts);
    return made;
  }
  function richText() {
    const lead = shorts().map((short) => element("p", element("b", short)));
    const text = sentences().flatMap((part) => [part.matches(".chip") ? element("sup", number(part)) : said(part), " "]);
    const list = sources().map((source) => element("p", `${source.number} ${source.about}`, element("br"), element("i", source.quote)));
    return element("div", ...lead, element("p", ...text), ...list);
  }
})();
