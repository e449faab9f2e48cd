// The source beside the answer: selecting a quote, the quote above a number, and the sheet that it is on a phone.
(() => {
  "use strict";
  const { one, all, carried, narrow, send, onPress, onChange, onSettled } = Dossier;

  const MOST_OTHERS = 30;
  const page = document.documentElement;

  // ---- selecting: the other quotes of the same document are marked along with it
  const answerOf = (button) => button?.closest(".past") ?? one("#answer");
  const quoted = (answer) => all(".citation .open", answer).map(carried);
  function show(reference, button) {
    const [id, start, end] = reference.split(" ");
    const others = start === end ? [] : quoted(answerOf(button)).filter((other) => other !== reference && other.startsWith(`${id} `));
    send("show", [reference, ...others.slice(0, MOST_OTHERS).map((other) => other.slice(id.length + 1))].join(" "));
  }
  function markChosen(reference, button) {
    all("#left .chosen").forEach((element) => element.classList.remove("chosen"));
    all(":is(.chip, .citation .open)", answerOf(button)).forEach((other) => {
      if (carried(other) === reference) (other.closest(".citation") ?? other).classList.add("chosen");
    });
  }
  let opener = null;
  let chose = false; // by hand, since the question was asked
  onPress(".chip, .open", (button) => {
    chose = true;
    if (!button.closest("#source")) opener = button;
    const tab = one("#ask-tab-button");
    if (tab && tab.getAttribute("aria-selected") !== "true") tab.click();
    markChosen(carried(button), button);
    show(carried(button), button);
    if (narrow()) openSheet();
  });

  // An answer opens its first source, unless its reader has opened another while it was made.
  let question = null;
  onChange("#answer", (now) => {
    const asked = now && one(".working .question", now)?.textContent;
    if (asked && asked !== question) chose = false;
    question = asked;
    const first = now && one(".chip, .citation .open", now);
    if (!first || chose) return;
    markChosen(carried(first));
    if (!narrow()) show(carried(first));
  });

  // ---- the panel, and only the panel, scrolls to the marked words
  onChange("#source", () => {
    const body = one("#source .body");
    if (body) {
      body.setAttribute("aria-label", "Text of the source");
      const mark = one("mark", body);
      if (mark) body.scrollTop += mark.getBoundingClientRect().top - body.getBoundingClientRect().top - Math.min(body.clientHeight / 3, 120);
    }
    if (sheetIsOpen()) one("#source .close")?.focus({ preventScroll: true });
  });

  // ---- on a phone the source lies over the answer
  const sheetIsOpen = () => page.classList.contains("sheet-open");
  const behind = () => all("#left, #top, #tabs [role='tablist']");
  function openSheet() {
    page.classList.add("sheet-open");
    behind().forEach((element) => (element.inert = true));
    const sheet = one("#right");
    sheet.setAttribute("role", "dialog");
    sheet.setAttribute("aria-modal", "true");
    sheet.setAttribute("aria-label", "Source");
  }
  function closeSheet() {
    page.classList.remove("sheet-open");
    behind().forEach((element) => (element.inert = false));
    for (const name of ["role", "aria-modal", "aria-label"]) one("#right").removeAttribute(name);
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  }
  onPress(".close", closeSheet);
  window.matchMedia("(max-width: 760px)").addEventListener("change", () => sheetIsOpen() && closeSheet());

  // ---- the quote above a number: on the pointer, on the focus, away with Escape
  function showTip(cite) {
    const tip = one(".tip", cite);
    cite.classList.add("shown");
    tip.style.setProperty("--shift", "0px");
    const box = tip.getBoundingClientRect();
    const room = narrow() ? { left: 8, right: page.clientWidth - 8 } : one("#left").getBoundingClientRect();
    const shift = box.right > room.right ? room.right - box.right : box.left < room.left ? room.left - box.left : 0;
    tip.style.setProperty("--shift", `${shift}px`);
    tip.classList.toggle("below", one(".chip", cite).getBoundingClientRect().top < box.height + 16);
  }
  const hideTip = (cite) => cite.classList.remove("shown");
  for (const [type, act] of [["mouseover", showTip], ["focusin", showTip], ["mouseout", hideTip], ["focusout", hideTip]]) {
    document.addEventListener(type, (event) => {
      const cite = event.target.closest?.(".cite");
      if (cite && !cite.contains(event.relatedTarget)) act(cite);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const tips = all(".cite.shown");
    tips.forEach(hideTip);
    if (!tips.length && sheetIsOpen()) closeSheet();
  });

  let tips = 0;
  onSettled(() => {
    for (const cite of all(".cite:not([data-finished])")) {
      cite.dataset.finished = "";
      const tip = one(".tip", cite);
      tip.id = `tip-${(tips += 1)}`;
      one(".chip", cite).setAttribute("aria-describedby", tip.id);
    }
  });
})();
