// Where the files are being read: that nothing is heard of them any more is said, instead of waiting for ever.
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

  document.addEventListener("htmx:response:error", missed);
  document.addEventListener("htmx:error", missed);
  document.addEventListener("htmx:after:swap", () => {
    failed = 0;
    lost.hidden = true;
  });
})();
