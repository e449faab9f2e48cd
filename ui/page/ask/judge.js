// Judging an answer: right, or what is wrong with it, and the gold case that is made of it. It goes to the API like from any client.
(() => {
  "use strict";
  const { one, all, carried, onPress } = Dossier;

  const REASONS = {
    wrong_answer: "The answer is wrong",
    wrong_citation: "A citation does not prove it",
    missing: "Something is missing",
    outdated: "It is outdated",
    unclear: "It is unclear",
    should_have_refused: "The documents do not say this",
    other: "Something else",
  };
  const NO_ANSWER = "The server did not answer. Try again.";

  async function judge(said) {
    const { collection } = Choices.sent();
    try {
      const body = JSON.stringify(collection ? { ...said, collection } : said);
      const response = await fetch("v1/feedback", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      return response.ok ? "" : ((await response.json()).detail ?? NO_ANSWER);
    } catch {
      return NO_ANSWER;
    }
  }

  function tell(id, words) {
    const place = all("#answer .judging").find((one_) => carried(one(".good", one_)) === id);
    if (!place) return;
    let line = one(".told", place);
    if (!line) {
      line = element("span", "told");
      line.setAttribute("role", "status");
      place.append(line);
    }
    line.textContent = words;
  }

  onPress(".good", async (button) => {
    const id = carried(button);
    tell(id, (await judge({ answer_id: id, rating: "good" })) || "Thank you.");
  });
  onPress(".gold", async (button) => {
    const id = carried(button);
    tell(id, (await judge({ answer_id: id, rating: "good", gold: true })) || "Kept as a test question.");
  });
  onPress(".bad", (button) => ask(carried(button), one(".answered", button.closest(".judging")).textContent, button));

  // ---- what is wrong: a dialog of the browser's own
  function element(tag, name, ...parts) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...parts);
    return made;
  }
  function field(tag, id, label, value, longest) {
    const made = element(tag);
    made.id = id;
    made.value = value;
    made.maxLength = longest;
    const name = element("label", "", label);
    name.htmlFor = id;
    return element("p", "field", name, made);
  }
  function press(name, words, act) {
    const made = element("button", name, words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }
  function tick(id, words) {
    const made = element("input");
    made.type = "checkbox";
    made.id = id;
    const label = element("label", "", made, ` ${words}`);
    return element("li", "", label);
  }

  function ask(id, answered, button) {
    one("#judge")?.closest(".md").remove();
    const dialog = element("dialog", "dossier judge");
    dialog.id = "judge";
    const title = element("h2", "", "What is wrong?");
    title.id = "judge-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const reasons = element("ul", "reasons", ...Object.entries(REASONS).map(([name, words]) => tick(`reason-${name}`, words)));
    const wrong = element("p", "alarm");
    wrong.hidden = true;
    wrong.setAttribute("role", "alert");
    const gold = tick("judge-gold", "Keep as a test question, with this answer");
    dialog.append(
      title,
      reasons,
      field("textarea", "judge-comment", "Anything else", "", 2000),
      field("input", "judge-expected", "The right answer, in words of a passage", answered, 500),
      element("ul", "reasons", gold),
      wrong,
      element("p", "ends", press("primary", "Send", sendIt), press("quiet", "Cancel", () => dialog.close())),
    );
    const frame = element("div", "md", dialog);
    one(".gradio-container").append(frame);
    dialog.addEventListener("close", () => { frame.remove(); if (button.isConnected) button.focus(); });
    dialog.showModal();

    async function sendIt() {
      const given = Object.keys(REASONS).filter((name) => one(`#reason-${name}`).checked);
      const said = { answer_id: id, rating: "bad", reasons: given, comment: one("#judge-comment").value };
      if (one("#judge-gold").checked) {
        said.gold = true;
        const expected = one("#judge-expected").value.trim();
        if (expected && !given.includes("should_have_refused")) said.expected = expected;
      }
      const problem = await judge(said);
      wrong.hidden = !problem;
      wrong.textContent = problem;
      if (problem) return;
      dialog.close();
      tell(id, said.gold ? "Thank you. Kept as a test question." : "Thank you.");
    }
  }
})();
