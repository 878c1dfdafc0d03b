// Where the files are being read: that nothing is heard of them any more is said, instead of waiting for ever.
// Where questions are answered: what was chosen is kept.
(() => {
  "use strict";
  const PATIENCE = 3; // attempts in a row, one a second: a gateway that restarts is not there for a few
  const lost = document.querySelector("[data-lost]");
  let failed = 0;

  function missed(event) {
    const status = event.detail?.ctx?.response?.status ?? 0;
    failed += 1;
    if (status !== 404 && failed < PATIENCE) return; // 404: who restarted knows nothing of them
    document.getElementById("upload")?.setAttribute("hidden", "");
    lost.hidden = false;
  }

  // What is chosen is kept with the files: it is there again after a reload, or when a window was closed.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.settle");
    if (!form || !event.target.matches("select, input[name=currency]")) return;
    const said = new URLSearchParams(new FormData(form));
    said.set("act", "keep");
    fetch(form.action, { method: "POST", body: said }).catch(() => {});
  });

  document.addEventListener("htmx:response:error", missed);
  document.addEventListener("htmx:error", missed);
  document.addEventListener("htmx:after:swap", () => {
    failed = 0;
    lost.hidden = true;
  });
})();
