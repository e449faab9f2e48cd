// What was chosen in this browser: kept in localStorage, sent with every event through a hidden text box, and the theme.
const Choices = (() => {
  "use strict";

  const { one, all, write, onPress, onChange, onSettled } = Dossier;
  const KEY = "dossier";
  const USUAL = { collection: "", strictness: "", llm: "", read: "", theme: "" };

  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      return Object.fromEntries(Object.keys(USUAL).map((name) => [name, typeof found[name] === "string" ? found[name] : ""]));
    } catch {
      return { ...USUAL };
    }
  }

  let choices = kept();
  const linked = new URLSearchParams(location.search).get("collection"); // of the answer that a link leads to
  if (linked) choices = { ...choices, collection: linked };

  // As `ui.page.choices` reads it.
  function sent() {
    const given = {};
    if (choices.collection) given.collection = choices.collection;
    if (choices.strictness) given.strictness = choices.strictness;
    if (choices.llm === "no") given.llm = false;
    if (/^\d{1,2}$/.test(choices.read)) given.read = Number(choices.read);
    return given;
  }

  function choose(changes) {
    choices = { ...choices, ...changes };
    try {
      localStorage.setItem(KEY, JSON.stringify(choices));
    } catch { /* a browser that keeps nothing forgets it with the page */ }
    hand();
    dress();
  }

  const carrier = () => one("#command-choices :is(textarea, input)");
  function hand() {
    const given = sent();
    if (carrier()) write(carrier(), Object.keys(given).length ? JSON.stringify(given) : "");
  }

  const reload = () => setTimeout(() => one("#command-choices button").click(), 0);

  // Gradio sets the class of the body by the device, and again when that changes.
  function dress() {
    if (!document.body || !choices.theme) return;
    const dark = choices.theme === "dark";
    if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
  }

  function undress() {
    document.body.classList.toggle("dark", window.matchMedia("(prefers-color-scheme: dark)").matches);
  }

  function tick(place) {
    for (const input of all("input[type=radio]", place)) input.checked = input.value === choices[input.name];
  }

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.matches?.("#settings input[type=radio]")) {
      choose({ [input.name]: input.value });
      if (input.name === "theme" && !input.value) undress();
    } else if (input.id === "collection") {
      choose({ collection: input.value });
      reload();
    }
  });

  onPress("#settings .usual", () => {
    const { collection } = choices;
    choose({ ...USUAL, collection });
    undress();
    tick(one("#settings"));
  });

  onChange("#settings", (shown) => shown && tick(shown));

  let handed = false;
  onSettled(() => {
    dress();
    if (handed || !carrier() || !one("#command-choices button")) return;
    handed = true;
    hand();
    if (choices.collection) reload();
  });
  new MutationObserver(dress).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: ["class"] });

  return Object.freeze({ sent });
})();
