// Ask a running Dossier from JavaScript: node examples/ask.mjs "When did the harbour reopen?"
// DOSSIER_URL (http://127.0.0.1:7860) and DOSSIER_KEY (needed only by a server that asks for one) say where and as whom.

const base = (process.env.DOSSIER_URL ?? "http://127.0.0.1:7860").replace(/\/$/, "");
const key = process.env.DOSSIER_KEY;
const question = process.argv.slice(2).join(" ");
if (!question) {
  console.error('Usage: node ask.mjs "QUESTION"');
  process.exit(2);
}

/** The events of a stream, each as {name, data}. */
async function* events(response) {
  let text = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      const data = field("data").join("\n");
      if (data) yield { name: field("event")[0], data: JSON.parse(data) };
    }
  }
}

const response = await fetch(`${base}/v1/answer`, {
  method: "POST",
  headers: { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
  body: JSON.stringify({ question, stream: true }),
});
if (!response.ok) {
  const problem = await response.json();
  console.error(`${problem.title}: ${problem.detail}`);
  process.exit(1);
}
let answer;
for await (const { name, data } of events(response)) {
  if (name === "error") {
    console.error(`${data.title}: ${data.detail}`);
    process.exit(1);
  }
  if (name === "done") answer = data;
}
console.log(answer.text);
for (const one of answer.citations) {
  const who = [one.publisher, one.published, one.title].filter(Boolean).join(", ");
  console.log(`[${one.number}] ${who}: "${one.quote}"`);
}
