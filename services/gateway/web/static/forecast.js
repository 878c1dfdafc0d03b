// The forecast call: walks the tree on keys, and in call mode counts what changed meanwhile instead of showing it.
(() => {
  "use strict";
  const KEYS = { j: "walk-after", k: "walk-before" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    document.getElementById(KEYS[event.key])?.click();
  });

  // What was worked out stays while the page is shown anew; once the numbers are others, it is offered to do it again.
  const workedOut = ["gap", "what-if"];
  const numbers = () => document.getElementById("call")?.dataset.numbers ?? "";
  const askedAt = new Map([["gap", numbers()]]); // id → the numbers that it was asked for at, the gap maybe before this ran

  document.addEventListener("htmx:before:request", (event) => {
    const asked = event.detail?.ctx?.sourceElement;
    const target = asked?.getAttribute("hx-target")?.slice(1) ?? asked?.id;
    if (workedOut.includes(target)) askedAt.set(target, numbers());
  });

  document.addEventListener("htmx:after:swap", () => {
    for (const id of workedOut) {
      const part = document.getElementById(id);
      const offer = document.querySelector(`[data-moved="${id}"]`);
      if (offer) offer.hidden = !part?.firstElementChild || (askedAt.get(id) ?? numbers()) === numbers();
    }
  });

  const apply = document.getElementById("apply");
  if (!apply) return;
  const changed = new Set();
  const said = new Set(apply.dataset.said.split(" ")); // in this very call

  // What an event changed, once however often it is told of. What the forecast says of changed deals is no change of
  // its own: a model that serves, quotas, rates, and what others submit or adjust are.
  function changedBy(told) {
    if (told.kind === "deal") return `deal ${told.deal_id}`;
    if (told.kind === "model" && ["forecast", "lead_scoring"].includes(told.service)) return `model ${told.service}`;
    if (told.kind !== "rollup" || !told.of || (told.period && told.period !== apply.dataset.period)) return "";
    return said.has(String(told.id)) ? "" : `${told.of} ${told.id ?? told.event}`;
  }

  document.addEventListener("dealcast:event", ({ detail }) => {
    const what = changedBy(detail);
    if (!what) return;
    changed.add(what);
    apply.hidden = false;
    apply.textContent = apply.dataset.text.replace("{count}", changed.size);
  });
})();
