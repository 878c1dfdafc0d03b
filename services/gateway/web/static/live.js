// Keeps what the page shows current: listens to /v1/events and asks htmx to fetch again what an event is about.
(() => {
  "use strict";
  const WAIT = 300; // ms: events come in bursts, one refresh shows them all
  const OTHERS = 2000; // ms: for what many deals change, such as totals and lists of others, while it goes on
  const SETTLED = 5000; // ms: for what a change brings after it; suggestions follow a deal's change within seconds
  const RETRY = 5000; // ms
  const DEAL_KINDS = ["deal", "lead_score", "forecast", "next_actions"];
  const connection = document.getElementById("connection");
  const said = document.getElementById("said");
  const due = new Map(); // element id → when, and its timer
  const busy = new Set(); // element ids being fetched
  const fetched = new Map(); // element id → when it last was

  function show(connected) {
    connection.textContent = connected ? connection.dataset.on : connection.dataset.off;
    connection.className = connected ? "small live" : "small lost";
  }

  function refresh(id, wait = WAIT) {
    const at = Date.now() + wait;
    const known = due.get(id);
    if (known && known.at <= at) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(() => {
      due.delete(id);
      const part = document.getElementById(id);
      if (!part || answered(part)) return;
      if (busy.has(id) || choosing(part)) return refresh(id, OTHERS);
      busy.add(id);
      fetched.set(id, Date.now());
      htmx.trigger(part, "refresh");
    }, wait);
    due.set(id, { at, timer });
  }

  // A first change shows at once, those that follow it together.
  function atLeisure(id) {
    return Date.now() - (fetched.get(id) ?? 0) > OTHERS ? WAIT : OTHERS;
  }

  function shows(dealId) {
    return [...document.querySelectorAll("[data-deal]")].some((part) => part.dataset.deal === dealId);
  }

  // What was just answered stays, with its undo, until the person goes on.
  function answered(part) {
    return part.querySelector(".answered") !== null;
  }

  // A menu of answers, or a draft being written, is not taken from under a person's hands.
  function choosing(part) {
    return part.querySelector("details.more[open], details.draft textarea:focus") !== null;
  }

  function onDeal(event) {
    const shown = shows(JSON.parse(event.data).deal_id);
    if (shown && document.getElementById("record")) refresh("record");
    if (shown && document.getElementById("myday")) refresh("myday", event.type === "next_actions" ? OTHERS : SETTLED);
    if (document.getElementById("list")) refresh("list", shown ? WAIT : atLeisure("list"));
  }

  function onAsk(event) {
    if (shows(JSON.parse(event.data).deal_id) && document.getElementById("record")) refresh("record");
    for (const id of ["call", "myday"]) if (document.querySelector(`#${id}[data-live]`)) refresh(id);
  }

  function refreshAll() {
    for (const part of document.querySelectorAll("[data-live]")) refresh(part.id);
  }

  function onTotals() {
    if (document.getElementById("totals")) refresh("totals");
    if (document.querySelector("#call[data-live]")) refresh("call", atLeisure("call"));
  }

  document.addEventListener("htmx:finally:request", (event) => {
    const part = event.detail?.ctx?.sourceElement ?? event.target;
    if (!busy.delete(part.id)) return;
    said.textContent = `${said.dataset.updated} ${new Date().toLocaleTimeString(document.documentElement.lang)}`;
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const part = event.detail?.ctx?.sourceElement;
    if (!part?.hasAttribute("data-live") || !(answered(part) || choosing(part))) return;
    event.preventDefault(); // asked for before the answer, or before the menu was opened
    if (choosing(part)) refresh(part.id, OTHERS);
  });

  // An answer taken back leaves the card as it was; what came meanwhile is shown once the deal's suggestions are new.
  document.addEventListener("htmx:before:request", (event) => {
    const part = event.detail?.ctx?.sourceElement?.closest?.(".answered")?.closest("[data-live]");
    if (!part) return;
    clearTimeout(due.get(part.id)?.timer);
    due.delete(part.id);
    refresh(part.id, SETTLED);
  });

  // A form that was refused, or a part that did not come, says why in its place; the page stays as it is.
  function failed(event) {
    const asked = event.detail?.ctx?.sourceElement;
    const form = asked?.closest("form[method=post]");
    const place = asked?.matches("[hx-trigger=load]") ? asked : form;
    if (!place) return;
    const page = new DOMParser().parseFromString(event.detail.ctx.text ?? "", "text/html");
    const why = [...page.querySelectorAll("[data-why]")].map((one) => one.textContent.trim()).join(" ");
    if (place !== form) place.replaceChildren(); // it said that it was being read
    const told = place.querySelector("[data-refused]") ?? place.appendChild(document.createElement("p"));
    told.setAttribute("data-refused", "");
    told.setAttribute("role", "alert");
    told.className = "notice";
    told.textContent = why || document.body.dataset.failed;
  }

  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:before:request", (event) =>
    event.detail?.ctx?.sourceElement?.querySelector?.("[data-refused]")?.remove());

  let last = document.body.dataset.since;
  const held = document.querySelector("[data-held]"); // a call under way: changes are counted, not shown

  function tell(kind, event) {
    const detail = { kind, event: event.lastEventId, ...JSON.parse(event.data) };
    document.dispatchEvent(new CustomEvent("dealcast:event", { detail }));
  }

  let source = null;

  // A browser keeps six connections to a host: pages that nobody looks at leave theirs to others, and catch up later.
  function listen() {
    if (document.hidden || (source && source.readyState !== EventSource.CLOSED)) return;
    source = new EventSource(`/v1/events?last_event_id=${last}`);
    const on = (kind, handle) => source.addEventListener(kind, (event) => {
      last = event.lastEventId || last;
      if (held) tell(kind, event);
      handle(event);
    });
    source.onopen = () => show(true);
    source.onerror = () => {
      show(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY); // refused: the browser gave up
    };
    for (const kind of DEAL_KINDS) on(kind, onDeal);
    on("ask", onAsk);
    on("rollup", onTotals);
    on("model", refreshAll);
    on("import", refreshAll);
    for (const kind of ["reset", "workspace"]) on(kind, () => location.reload());
  }

  if (last) {
    listen();
    document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : listen()));
  }
})();
