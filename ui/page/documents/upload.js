// Files from the page to the API: in parcels that it takes, each file that does not go in with its reason.
(() => {
  "use strict";

  const PARCEL_BYTES = 20 * 1024 * 1024;
  const PARCEL_FILES = 50;
  const POLL_MS = 400;
  const MOST_SHOWN = 200;
  const NO_ANSWER = "The server did not answer. Send it again.";

  const { one } = Dossier;
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
      const spoken = element("div");
      spoken.setAttribute("role", "status");
      report.append(spoken, element("ul", "files-sent"));
      frame.append(report);
      one("#adding").after(frame);
    }
    return report;
  }

  function bar(share) {
    const frame = element("div", "bar");
    const inside = element("div");
    inside.style.width = `${Math.max(3, Math.round(100 * share))}%`;
    frame.append(inside);
    return frame;
  }

  // One line for all files, and one for each of those that are on their way now.
  function showProgress(words, done, total, files) {
    const [spoken, list] = place().children;
    spoken.replaceChildren(element("p", "progress", words), bar(total ? done / total : 0));
    list.replaceChildren(
      ...files.map(({ name, stage, share }) => {
        const item = element("li");
        item.append(element("span", "name", name), element("span", "far", stage), bar(share));
        return item;
      }),
    );
  }

  function showOutcome(outcome) {
    const counts = [["added", outcome.added], ["replaced", outcome.replaced], ["already here", outcome.unchanged], ["refused", outcome.refused.length]]
      .filter(([, number]) => number > 0)
      .map(([word, number]) => `${number.toLocaleString("en")} ${word}`);
    const list = element("ul", "refused");
    for (const { name, reason, file } of outcome.refused.slice(0, MOST_SHOWN)) {
      const item = element("li");
      item.append(element("b", "", name), ` ${reason}`);
      if (file) item.append(again("Try again", [file]));
      list.append(item);
    }
    if (outcome.refused.length > MOST_SHOWN) list.append(element("li", "", `and ${outcome.refused.length - MOST_SHOWN} more`));
    for (const name of outcome.beside.slice(0, MOST_SHOWN)) {
      const item = element("li");
      item.append(element("b", "", name), " Another file of this name with other content was here: both are kept.");
      list.append(item);
    }
    const [spoken, files] = place().children;
    spoken.replaceChildren(element("p", "done", `${counts.join(", ") || "Nothing to add"}.`), list);
    files.replaceChildren();
    if (outcome.added + outcome.replaced) spoken.append(look());
    const worth = outcome.refused.flatMap(({ file }) => file ?? []);
    if (worth.length > 1) spoken.append(again(`Try all ${worth.length} again`, worth));
  }

  function look() {
    const button = element("button", "quiet look", "See what is in it");
    button.type = "button";
    button.addEventListener("click", () => {
      Dossier.send("begin", "");
      one("#ask-tab-button")?.click();
      window.scrollTo({ top: 0 });
    });
    return button;
  }

  function again(label, files) {
    const button = element("button", "quiet again", label);
    button.type = "button";
    button.addEventListener("click", () => send(files, []));
    return button;
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
    const refuseAll = (reason) => outcome.refused.push(...files.map((file) => ({ name: file.name, reason, file })));
    try {
      const response = await post(files);
      const answer = await response.json();
      if (!response.ok) return refuseAll(answer.detail ?? NO_ANSWER);
      const job = await finished(answer, sayHowFar);
      if (job.status === "failed") return refuseAll(job.error ?? NO_ANSWER);
      outcome.added += job.report.added.length;
      outcome.replaced += job.report.replaced.length;
      outcome.unchanged += job.report.unchanged;
      outcome.beside.push(...job.report.beside.map(({ name }) => name.split("/").at(-1)));
      for (const { source, reason } of job.report.refused) {
        const name = source.split("/").at(-1);
        outcome.refused.push({ name, reason, file: files.find((file) => file.name === name) });
      }
    } catch {
      refuseAll(NO_ANSWER);
    }
  }

  // Files of a parcel are read one after the other, then encoded and indexed together.
  const STAGES = { read: "Reading", encode: "Encoding", index: "Indexing" };

  function left(seconds) {
    if (!seconds || seconds < 5) return "";
    return seconds < 90 ? `, about ${Math.round(seconds)} s left` : `, about ${Math.round(seconds / 60)} min left`;
  }

  function filesNow(parcel, job) {
    const share = job?.total ? job.done / job.total : 0;
    const reading = job?.stage === "read";
    return parcel.map((file, number) => {
      if (!job) return { name: file.name, stage: "sending", share: 0 };
      if (!reading) return { name: file.name, stage: (STAGES[job.stage] ?? "Waiting").toLowerCase(), share: STAGES[job.stage] ? 0.5 + share / 2 : 0.1 };
      const read = number < job.done;
      return { name: file.name, stage: read ? "read" : number === job.done ? "reading" : "waiting", share: read ? 0.5 : 0.1 };
    });
  }

  let working = false;

  async function send(files, folders) {
    if (working) return;
    working = true;
    const limit = Number(one("#adding .choose i").textContent);
    const small = files.filter((file) => file.size <= limit);
    const outcome = { added: 0, replaced: 0, unchanged: 0, refused: [], beside: [] };
    const tooLarge = `It has more than ${limit.toLocaleString("en")} bytes.`;
    outcome.refused.push(...files.filter((file) => file.size > limit).map((file) => ({ name: file.name, reason: tooLarge })));
    outcome.refused.push(...folders.map((name) => ({ name, reason: "It is a folder. Drop its files, or run: dossier index FOLDER" })));
    let sent = 0;
    for (const parcel of parcels(small)) {
      showProgress(`Sending … ${sent} of ${small.length}`, sent, small.length, filesNow(parcel));
      const sayHowFar = (job) => {
        const done = job.total ? Math.min(parcel.length, Math.floor((parcel.length * job.done) / job.total)) : 0;
        const words = `${STAGES[job.stage] ?? "Waiting"} … ${sent + done} of ${small.length}${left(job.remaining_s)}`;
        showProgress(words, sent + done, small.length, filesNow(parcel, job));
      };
      await sendParcel(parcel, outcome, sayHowFar);
      sent += parcel.length;
    }
    working = false;
    showOutcome(outcome);
    Dossier.send("refresh", "");
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
