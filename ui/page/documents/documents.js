// The documents tab: find, narrow, turn, and what changes a document, which goes to the API like from any other client.
(() => {
  "use strict";

  const { one, all, send, onPress } = Dossier;
  const SEARCH_MS = 250;
  const NO_ANSWER = "The server did not answer. Try again.";

  // ---- what is listed
  let wanted = {};

  function list(changes) {
    wanted = { ...wanted, page: 0, ...changes };
    for (const [name, value] of Object.entries(wanted)) if (!value) delete wanted[name];
    send("turn", JSON.stringify(wanted));
  }

  function showAll() {
    one("#find").value = "";
    const { order } = wanted;
    wanted = {};
    list({ order });
  }

  // What a button carries: hidden elements, each named after what it narrows by.
  function fields(button) {
    return Object.fromEntries(all("i[hidden]", button).map((field) => [field.className, field.textContent]));
  }

  function narrow(button) {
    const { all: every, undated, copies, outlet, since, until } = fields(button);
    if (every) return showAll();
    const { find, order } = wanted;
    wanted = {};
    list({ find, order, outlet, since, until, undated: Boolean(undated), copies: Boolean(copies) });
    one("#finding").scrollIntoView({ block: "start" });
  }

  let typing = 0;
  document.addEventListener("input", (event) => {
    if (event.target.id === "find") {
      clearTimeout(typing);
      typing = setTimeout(() => list({ find: event.target.value.slice(0, 200) }), SEARCH_MS);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "order") list({ order: event.target.value });
  });

  // ---- what is said of it
  function report(words) {
    let place = one("#report");
    if (!place) {
      const frame = document.createElement("div");
      frame.className = "md";
      place = document.createElement("div");
      place.id = "report";
      place.className = "dossier";
      place.setAttribute("role", "status");
      frame.append(place);
      one("#adding").after(frame);
    }
    const line = document.createElement("p");
    line.className = "done";
    line.textContent = words;
    place.replaceChildren(line);
  }

  // ---- one row
  const row = (element) => element.closest(".document");
  const titleIn = (item) => one(".title", item).firstChild.textContent;

  function open(item, name, focus) {
    one(".said", item).hidden = name === "fields";
    for (const part of ["acts", "fields", "sure"]) one(`:scope > .${part}`, item).hidden = part !== name;
    for (const wrong of all(".wrong", item)) wrong.hidden = true;
    one(focus, item).focus();
  }

  function close(item, focus) {
    if (item.ariaBusy === "true") return;
    for (const box of all(".fields .value", item)) box.value = box.defaultValue;
    open(item, "acts", focus);
  }

  async function change(item, method, address, body, [doing, done]) {
    if (item.ariaBusy === "true") return;
    item.ariaBusy = "true"; // its buttons stay enabled: a disabled one loses the focus
    const wrong = one(":scope > :not([hidden]) .wrong", item);
    wrong.hidden = true;
    report(doing);
    let reason = NO_ANSWER;
    try {
      const id = one(".id", item).textContent;
      const query = new URLSearchParams(address);
      const collection = Choices.sent().collection;
      if (collection) query.set("collection", collection);
      const response = await fetch(`v1/documents/${encodeURIComponent(id)}?${query}`, {
        method,
        ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
      });
      if (response.ok || (method === "DELETE" && response.status === 404)) {
        one("#documents .of-list")?.focus();
        report(done);
        send("refresh", "");
        return;
      }
      reason = (await response.json()).detail ?? NO_ANSWER;
    } catch { /* said below */ }
    item.ariaBusy = "false";
    report("");
    wrong.textContent = reason;
    wrong.hidden = false;
  }

  function save(item) {
    const changed = all(".fields .value", item).filter((box) => box.value.trim() !== box.defaultValue);
    if (!changed.length) return close(item, ".edit");
    const body = Object.fromEntries(changed.map((box) => [box.name, box.value.trim()]));
    return change(item, "PATCH", {}, body, ["Saving …", `Saved what you set for “${titleIn(item)}”.`]);
  }

  const remove = (item) => change(item, "DELETE", {}, null, ["Removing …", `Removed “${titleIn(item)}”. It can no longer be cited.`]);
  const erase = (item) =>
    change(item, "DELETE", { erase: "true" }, null, [
      `Erasing “${titleIn(item)}”, and looking for what may be left of it …`,
      `Erased “${titleIn(item)}”: every file of the collection was searched, and no byte of it is left.`,
    ]);

  onPress(".narrow", narrow);
  onPress("#documents .page", (button) => list({ page: Number(fields(button).page) }));
  onPress(".go-add", () => one("#documents-tab-button").click());
  onPress(".document .edit", (button) => open(row(button), "fields", "[name=title]"));
  onPress(".document .edit-date", (button) => open(row(button), "fields", "[name=published]"));
  onPress(".document .save", (button) => save(row(button)));
  onPress(".document .cancel", (button) => close(row(button), ".edit"));
  onPress(".document .remove", (button) => open(row(button), "sure", ".keep"));
  onPress(".document .keep", (button) => close(row(button), ".remove"));
  onPress(".document .confirm", (button) => remove(row(button)));
  onPress(".document .erase", (button) => erase(row(button)));

  document.addEventListener("keydown", (event) => {
    const item = event.target.closest?.(".document");
    if (!item) return;
    if (event.key === "Escape" && one(":scope > .acts", item)?.hidden) close(item, one(".fields", item).hidden ? ".remove" : ".edit");
    else if (event.key === "Enter" && event.target.matches(".fields .value")) save(item);
  });
})();
