// The forecast call: walks the tree on keys, and in call mode counts what changed meanwhile instead of showing it.
(() => {
  "use strict";
  const KEYS = { j: "walk-after", k: "walk-before" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    document.getElementById(KEYS[event.key])?.click();
  });

  const apply = document.getElementById("apply");
  if (!apply) return;
  const changed = new Set(); // deals
  document.addEventListener("dealcast:event", ({ detail }) => {
    changed.add(detail);
    apply.hidden = false;
    apply.textContent = apply.dataset.text.replace("{count}", changed.size);
  });
})();
