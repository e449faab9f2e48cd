// Files from the page to the API: in parcels that it takes, each file that does not go in with its reason.
(() => {
  "use strict";

  const PARCEL_BYTES = 20 * 1024 * 1024;
  const PARCEL_FILES = 50;
  const POLL_MS = 400;
  const MOST_SHOWN = 200;
  const NO_ANSWER = "The server did not answer. Send it again.";

  const one = (selector, root = document) => root.querySelector(selector);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // ---- what is shown: text only, never markup
  function place() {
    let report = one("#uploads");
    if (!report) {
      const frame = element("div", "md");
      report = element("div", "dossier report");
      report.id = "uploads";
      report.setAttribute("role", "status");
      frame.append(report);
      one("#adding").after(frame);
    }
    return report;
  }

  function showProgress(words, done, total) {
    const bar = element("div", "bar");
    bar.append(element("div", `at-${total ? Math.floor((10 * done) / total) : 0}`));
    place().replaceChildren(element("p", "progress", words), bar);
  }

  function showOutcome(outcome) {
    const counts = [["added", outcome.added], ["replaced", outcome.replaced], ["already here", outcome.unchanged], ["refused", outcome.refused.length]]
      .filter(([, number]) => number > 0)
      .map(([word, number]) => `${number.toLocaleString("en")} ${word}`);
    const list = element("ul", "refused");
    for (const { name, reason } of outcome.refused.slice(0, MOST_SHOWN)) {
      const item = element("li");
      item.append(element("b", "", name), ` ${reason}`);
      list.append(item);
    }
    if (outcome.refused.length > MOST_SHOWN) list.append(element("li", "", `and ${outcome.refused.length - MOST_SHOWN} more`));
    place().replaceChildren(element("p", "done", `${counts.join(", ") || "Nothing to add"}.`), list);
  }

  // ---- sending
  function parcels(files) {
    const made = [];
    let bytes = 0;
    for (const file of files) {
      const last = made.at(-1);
      if (!last || last.length >= PARCEL_FILES || bytes + file.size > PARCEL_BYTES) {
        made.push([file]);
        bytes = file.size;
      } else {
        last.push(file);
        bytes += file.size;
      }
    }
    return made;
  }

  async function post(files) {
    for (;;) {
      const form = new FormData();
      for (const file of files) form.append("file", file, file.name);
      const { collection } = Choices.sent();
      if (collection) form.append("collection", collection);
      const response = await fetch("v1/documents", { method: "POST", body: form });
      if (response.status !== 503 || !response.headers.get("Retry-After")) return response;
      await pause(1000 * Math.min(30, Number(response.headers.get("Retry-After")) || 1));
    }
  }

  async function finished(job, sayHowFar) {
    while (job.status !== "done" && job.status !== "failed") {
      sayHowFar(job);
      await pause(POLL_MS);
      const response = await fetch(`v1/jobs/${encodeURIComponent(job.id)}`);
      if (!response.ok) throw new Error(NO_ANSWER);
      job = await response.json();
    }
    return job;
  }

  async function sendParcel(files, outcome, sayHowFar) {
    const refuseAll = (reason) => outcome.refused.push(...files.map((file) => ({ name: file.name, reason })));
    try {
      const response = await post(files);
      const answer = await response.json();
      if (!response.ok) return refuseAll(answer.detail ?? NO_ANSWER);
      const job = await finished(answer, sayHowFar);
      if (job.status === "failed") return refuseAll(job.error ?? NO_ANSWER);
      outcome.added += job.report.added.length;
      outcome.replaced += job.report.replaced.length;
      outcome.unchanged += job.report.unchanged;
      outcome.refused.push(...job.report.refused.map(({ source, reason }) => ({ name: source.split("/").at(-1), reason })));
    } catch {
      refuseAll(NO_ANSWER);
    }
  }

  const STAGES = { read: "Reading", encode: "Encoding", index: "Indexing" };
  let working = false;

  async function send(files, folders) {
    if (working) return;
    working = true;
    const limit = Number(one("#adding .choose i").textContent);
    const small = files.filter((file) => file.size <= limit);
    const outcome = { added: 0, replaced: 0, unchanged: 0, refused: [] };
    const tooLarge = `It has more than ${limit.toLocaleString("en")} bytes.`;
    outcome.refused.push(...files.filter((file) => file.size > limit).map((file) => ({ name: file.name, reason: tooLarge })));
    outcome.refused.push(...folders.map((name) => ({ name, reason: "It is a folder. Drop its files, or run: dossier index FOLDER" })));
    let sent = 0;
    for (const parcel of parcels(small)) {
      showProgress(`Sending … ${sent} of ${small.length}`, sent, small.length);
      const sayHowFar = (job) => {
        const done = job.total ? Math.min(parcel.length, Math.floor((parcel.length * job.done) / job.total)) : 0;
        showProgress(`${STAGES[job.stage] ?? "Waiting"} … ${sent + done} of ${small.length}`, sent + done, small.length);
      };
      await sendParcel(parcel, outcome, sayHowFar);
      sent += parcel.length;
    }
    working = false;
    showOutcome(outcome);
    one("#command-refresh button").click();
  }

  // ---- choosing and dropping
  function chooser() {
    let input = one("#choose-files");
    if (!input) {
      input = element("input");
      input.type = "file";
      input.id = "choose-files";
      input.multiple = true;
      input.hidden = true;
      input.addEventListener("change", () => {
        send([...input.files], []);
        input.value = "";
      });
      document.body.append(input);
    }
    return input;
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#adding .choose")) chooser().click();
  });

  const zone = (event) => event.target.closest?.("#adding .drop");
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // a file dropped beside the zone must not open instead of the page
      const over = zone(event);
      one("#adding .drop")?.classList.toggle("over", Boolean(over) && type !== "dragleave" && type !== "drop");
      if (type !== "drop" || !over) return;
      const entries = [...event.dataTransfer.items].map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
      const folders = entries.filter(([entry]) => entry?.isDirectory).map(([entry]) => entry.name);
      send(entries.filter(([entry, file]) => file && !entry?.isDirectory).map(([, file]) => file), folders);
    });
  }

  document.addEventListener("DOMContentLoaded", chooser);
  if (document.body) chooser();
})();
