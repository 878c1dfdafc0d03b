// A rep's day: copies or shares a drafted message, by what the browser can.
(() => {
  "use strict";
  const main = document.getElementById("main");
  const plain = (text) => text.replaceAll("\u2060", ""); // what keeps signs beside their amounts on the page

  function offer() {
    for (const button of main.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
    for (const button of main.querySelectorAll("[data-share]")) button.hidden = !navigator.share;
  }

  // A box shows on paper only what fits into it: a block beside it has all of its text.
  function mirror() {
    for (const block of main.querySelectorAll(".printed")) block.textContent = block.previousElementSibling.value;
  }

  main.addEventListener("input", mirror);
  window.addEventListener("beforeprint", mirror); // what the browser filled in again sends no event
  main.addEventListener("click", (event) => {
    const mail = event.target.closest("[data-mail]"); // takes what stands in the box by now
    const box = mail?.closest(".card").querySelector("textarea");
    if (!box) return;
    const lines = plain(box.value).split("\n"); // as many as mail programs take
    while (encodeURIComponent(lines.join("\n")).length > 6000) lines.pop();
    mail.href = mail.href.replace(/body=.*$/, `body=${encodeURIComponent(lines.join("\n"))}`);
  });

  main.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-share]");
    if (!button) return;
    const value = plain(button.closest("details").querySelector("textarea").value);
    if ("share" in button.dataset) {
      await navigator.share({ text: value }).catch(() => {}); // the person changed their mind
      return;
    }
    await navigator.clipboard.writeText(value);
    button.textContent = button.dataset.done;
  });
  new MutationObserver(offer).observe(main, { childList: true, subtree: true });
  offer();
})();
