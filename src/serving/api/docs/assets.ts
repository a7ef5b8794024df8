/** Style and script of the page of `page.ts`. */

/** Follows the system's light or dark colours. */
export const STYLE = `
:root { --text: #1b1f24; --soft: #57606a; --back: #fff; --line: #d0d7de; --box: #f6f8fa; --accent: #0b62c4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9aa5b1; --back: #0f1318; --line: #323a44; --box: #181e25; --accent: #6cb0ff; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0; } h1 small { font-weight: 400; font-size: 1rem; color: var(--soft); }
h2 { margin: 2rem 0 0.5rem; font-size: 1.15rem; }
a { color: var(--accent); }
ul { padding-left: 1.2rem; overflow-wrap: anywhere; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
pre { padding: 0.75rem; background: var(--box); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; }
label { display: grid; gap: 0.2rem; font-size: 0.9rem; color: var(--soft); max-width: 100%; }
input, select, button { font: inherit; color: var(--text); background: var(--box); border: 1px solid var(--line);
  border-radius: 6px; padding: 0.4rem 0.6rem; max-width: 100%; min-height: 2.6rem; }
button { background: var(--accent); border-color: var(--accent); color: var(--back); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#answer { margin: 1rem 0; display: grid; gap: 0.4rem; }
#answer div { display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr 4.5rem; gap: 0.6rem; align-items: center; overflow-wrap: anywhere; }
meter { width: 100%; height: 1rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.4rem 0; background: var(--box); }
summary { padding: 0.6rem 0.75rem; cursor: pointer; } summary b { color: var(--accent); }
summary span { color: var(--soft); }
details > div { padding: 0 0.75rem 0.75rem; border-top: 1px solid var(--line); }
h3 { margin: 1rem 0 0.25rem; font-size: 1rem; } h4 { margin: 0.75rem 0 0.25rem; font-size: 0.95rem; }
h4 span { font-weight: 400; } small { color: var(--soft); } details p { margin: 0.5rem 0 0.25rem; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: 0.25rem 1rem; margin: 0; } dd { margin: 0; }
figure { margin: 0.25rem 0; } figcaption { font-size: 0.85rem; color: var(--soft); } figure pre { margin: 0; background: var(--back); }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin: 0 0 0.5rem; } }
`;

/** Sends the picture of the form and shows the answer. */
export const SCRIPT = `
document.getElementById("origin")?.append(location.origin);
const answer = document.getElementById("answer");
document.getElementById("try")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const token = form.get("token");
  const headers = token ? { authorization: "Bearer " + token } : {};
  const body = new FormData();
  body.set("image", form.get("picture"));
  answer.replaceChildren("…");
  try {
    const path = "models/" + encodeURIComponent(form.get("model")) + "/predict";
    const response = await fetch(path, { method: "POST", headers, body });
    const found = await response.json();
    if (response.ok) answer.replaceChildren(...found.top.map(row));
    else answer.replaceChildren(found.error + " " + found.hint);
  } catch (error) {
    answer.replaceChildren("The server does not answer: " + error.message);
  }
});
function row(entry) {
  const line = document.createElement("div");
  const meter = document.createElement("meter");
  meter.value = entry.probability;
  meter.setAttribute("aria-label", entry.class);
  const [name, share] = [document.createElement("span"), document.createElement("span")];
  name.append(entry.class);
  share.append((100 * entry.probability).toFixed(2) + "%");
  line.append(name, meter, share);
  return line;
}
`;
