// The list of conversations: found, opened, and changed over the API like from any other client.
(() => {
  "use strict";
  const { one, all, carried, send, onPress, onChange, onSettled } = Dossier;

  const SEARCH_MS = 250;
  const NO_ANSWER = "The server did not answer. Try again.";

  // ---- what is listed: kept in the box that goes along with every question, so that its answer brings the list up to date
  let wanted = { find: "", page: 0 };
  function list(changes) {
    wanted = { ...wanted, page: 0, ...changes };
    send("rail", JSON.stringify(wanted));
  }
  let typing = 0;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "find-thread") return;
    clearTimeout(typing);
    typing = setTimeout(() => list({ find: target.value.slice(0, 200) }), SEARCH_MS);
  });
  onChange("#answer", (now) => {
    if (now && one(".working", now)) { wanted = { find: "", page: 0 }; if (one("#find-thread")) one("#find-thread").value = ""; }
    if (!now || !one(".question", now)) all(".thread.current").forEach(leave);
  });
  function leave(item) {
    item.classList.remove("current");
    one(".open-thread", item).removeAttribute("aria-current");
  }
  onPress(".turn-rail", (button) => list({ page: Number(carried(button)) }));

  // ---- a list that is no longer of use on a small screen goes away
  const rail = () => one("#rail-column");
  function unfold(open) {
    rail().classList.toggle("unfolded", open);
    one(".rail-toggle")?.setAttribute("aria-expanded", String(open));
  }
  onPress(".rail-toggle", () => unfold(!rail().classList.contains("unfolded")));
  onChange("#rail-head", (now) => now && unfold(false));

  onPress(".open-thread", (button) => {
    unfold(false);
    all(".thread.current").forEach(leave);
    line(button).classList.add("current");
    send("open", carried(button));
  });
  onPress(".newest", (button) => send("open", carried(button)));
  onPress(".earlier", (button) => send("earlier", carried(button)));
  onSettled(() => all(".thread.current .open-thread:not([aria-current])").forEach((button) => button.setAttribute("aria-current", "true")));

  // ---- one conversation
  const line = (button) => button.closest(".thread");
  const idOf = (item) => carried(one(".open-thread", item));
  const PARTS = ["thread-acts", "thread-name", "thread-sure"];
  function show(item, part, focus) {
    for (const name of PARTS) one(`.${name}`, item).hidden = name !== part;
    one(".wrong", item).hidden = true;
    one(focus, item)?.focus();
  }
  async function change(item, method, body) {
    const { collection } = Choices.sent();
    const query = collection ? `?${new URLSearchParams({ collection })}` : "";
    const wrong = one(".wrong", item);
    let words = NO_ANSWER;
    try {
      const sent = body ? { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
      const answer = await fetch(`v1/threads/${encodeURIComponent(idOf(item))}${query}`, { method, ...sent });
      if (answer.ok) return true;
      words = (await answer.json()).detail ?? NO_ANSWER;
    } catch { /* said below */ }
    wrong.textContent = words;
    wrong.hidden = false;
    return false;
  }
  onPress(".more-thread", (button) => {
    const item = line(button);
    const closed = PARTS.every((name) => one(`.${name}`, item).hidden);
    show(item, closed ? "thread-acts" : "", closed ? ".thread-acts button" : ".more-thread");
    button.setAttribute("aria-expanded", String(closed));
  });
  onPress(".thread .rename", (button) => { show(line(button), "thread-name", ".value"); one(".value", line(button)).select(); });
  onPress(".thread .delete", (button) => show(line(button), "thread-sure", ".thread-sure .cancel"));
  onPress(".thread .cancel", (button) => show(line(button), "", ".more-thread"));
  onPress(".thread .pin", async (button) => {
    if (await change(line(button), "PATCH", { pinned: button.textContent === "Pin" })) list({});
  });
  const save = async (item) => {
    const title = one(".value", item).value.replace(/\s+/g, " ").trim();
    if (await change(item, "PATCH", { title: title || null })) list({ page: wanted.page });
  };
  onPress(".thread .save", (button) => save(line(button)));
  document.addEventListener("keydown", (event) => {
    const item = event.target.closest?.(".thread-name")?.closest(".thread");
    if (item && event.key === "Enter") save(item);
    if (item && event.key === "Escape") show(item, "", ".more-thread");
  });
  onPress(".thread .confirm", async (button) => {
    const item = line(button);
    if (!(await change(item, "DELETE"))) return;
    if (item.matches(".current")) send("begin", "");
    list({ page: wanted.page });
  });
})();
