// A rep's day: copies or shares a drafted message, by what the browser can.
(() => {
  "use strict";
  const main = document.getElementById("main");
  const reached = new Set(); // the cards whose message or number was taken along: by now they may be in touch
  const plain = (text) => text.replaceAll("\u2060", ""); // what keeps signs beside their amounts on the page

  function offer() {
    for (const button of main.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
    for (const button of main.querySelectorAll("[data-share]")) button.hidden = !navigator.share;
    for (const ask of main.querySelectorAll(".reached:empty")) {
      if (reached.has(ask.closest(".card").id)) ask.textContent = ask.dataset.ask;
    }
  }

  // Asks beside the button that says so; kept when the page is shown anew.
  function asks(part) {
    const card = part.closest(".action-card");
    if (card) reached.add(card.id);
    offer();
  }

  const tooLong = (text) => encodeURIComponent(text).length > 6000; // as much as mail programs take

  // The text; one too long without the last lines of the sections that come first in `order`, as report_mail.py does.
  function fitted(text, order, note) {
    if (!tooLong(text)) return text;
    const parts = [];
    for (const line of text.trimEnd().split("\n")) {
      const heading = /^\[.*?\]/.exec(line)?.[0];
      if (heading || !parts.length) parts.push({ heading: heading ?? "", lines: [] });
      parts.at(-1).lines.push(line);
    }
    const told = () => [...parts.filter(({ lines }) => lines.length).map(({ lines }) => lines.join("\n").trimEnd()),
      ...(note ? [note] : [])].join("\n\n");
    const turn = ({ heading }) => order.indexOf(order.includes(heading) ? heading : "");
    for (const { heading, lines } of parts.toSorted((a, b) => turn(a) - turn(b))) {
      while (lines.length && tooLong(told())) {
        lines.pop();
        if (heading && lines.length === 1) lines.pop(); // alone it would say that there is nothing
      }
    }
    return told();
  }

  main.addEventListener("input", ({ target }) => {
    const hint = target.closest(".card")?.querySelector("[data-long]");
    if (hint) hint.hidden = !tooLong(plain(target.value));
  });

  // A box shows on paper only what fits into it: a block beside it has all of its text.
  function mirror() {
    for (const block of main.querySelectorAll(".printed")) block.textContent = block.previousElementSibling.value;
  }

  main.addEventListener("input", mirror);
  window.addEventListener("beforeprint", mirror); // what the browser filled in again sends no event
  main.addEventListener("click", (event) => {
    const mail = event.target.closest("[data-mail]"); // takes what stands in the box by now
    if (mail) asks(mail);
    const box = mail?.closest(".card").querySelector("textarea");
    if (!box) return;
    const text = fitted(plain(box.value), JSON.parse(mail.dataset.order ?? '[""]'), mail.dataset.note);
    mail.href = mail.href.replace(/body=.*$/, `body=${encodeURIComponent(text)}`);
  });

  main.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-share]");
    if (!button) return;
    const value = plain(button.closest("details").querySelector("textarea").value);
    if ("share" in button.dataset) {
      await navigator.share({ text: value }).then(() => asks(button), () => {}); // or they changed their mind
      return;
    }
    await navigator.clipboard.writeText(value);
    button.textContent = button.dataset.done;
    asks(button);
  });
  // Copied by hand it is plain, too.
  main.addEventListener("copy", (event) => {
    const box = document.activeElement;
    const text = box?.matches("textarea") ? box.value.slice(box.selectionStart, box.selectionEnd) : `${getSelection()}`;
    if (plain(text) === text) return;
    event.clipboardData.setData("text/plain", plain(text));
    event.preventDefault();
  });

  new MutationObserver(offer).observe(main, { childList: true, subtree: true });
  offer();
})();
