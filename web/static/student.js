// What the student's page does better where scripts run: choosing without
// losing one's place, and seats that change by themselves. Everything works
// without this file.
(() => {
  const live = () => document.getElementById("live");
  const say = document.createElement("p");
  say.className = "visually-hidden";
  say.setAttribute("role", "status");
  document.body.append(say);
  const tell = (text) => {
    say.textContent = "";
    setTimeout(() => { say.textContent = text; }, 50);
  };

  // A notice of trouble with the connection, with what stays in sight.
  const notice = (text) => {
    document.getElementById("connection")?.remove();
    if (!text) return;
    const p = document.createElement("p");
    p.id = "connection";
    p.className = "summary";
    p.setAttribute("role", "alert");
    p.textContent = text;
    (document.querySelector(".chosen") || live()).prepend(p);
  };

  // show puts the content of another answer in place of this one.
  const show = (html) => {
    const next = new DOMParser().parseFromString(html, "text/html");
    const to = next.getElementById("main");
    const main = document.getElementById("main");
    if (!to) return location.reload();
    const open = new Set();
    for (const d of main.querySelectorAll("details[open]")) open.add(d.id || d.closest("[id]").id);
    for (const d of to.querySelectorAll("details")) {
      if (open.has(d.id || d.closest("[id]").id)) d.open = true;
    }
    main.replaceWith(to);
    document.title = next.title;
  };

  let busy = false;
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (form.matches(".rank")) return; // rank.js
    if (!form.action.includes("/student/choices/")) return close(); // another page comes: this one is not loaded again
    e.preventDefault();
    if (busy) return;
    busy = true;
    live().classList.add("busy");
    const body = new URLSearchParams(new FormData(form, e.submitter));
    const method = body.get("_method");
    body.delete("_method");
    const card = e.submitter?.closest(".card")?.id;
    const before = card && document.getElementById(card).getBoundingClientRect().top;
    try {
      const reply = await fetch(form.action, { method, body: method === "PUT" ? body : undefined, headers: { Accept: "text/html" } });
      if (reply.status >= 500) throw reply.status;
      if (reply.status === 401 || reply.status === 410) return location.assign("/student");
      show(await reply.text());
      listen();
      const trouble = document.getElementById("trouble");
      const same = card && document.getElementById(card);
      if (trouble) {
        trouble.focus();
      } else if (same) {
        scrollBy({ top: same.getBoundingClientRect().top - before, behavior: "instant" });
        same.focus({ preventScroll: true });
        tell(document.querySelector(".flash")?.textContent || "");
      } else {
        document.getElementById("main").focus();
      }
    } catch {
      live().classList.remove("busy");
      notice(live().dataset.notSaved);
    } finally {
      busy = false;
    }
  });

  // One polite word when the workshop that was chosen, or is looked at, fills.
  const looksAt = (seat) => {
    const card = seat.closest(".card");
    return card.classList.contains("is-chosen") || card.contains(document.activeElement) || card.querySelector(".more[open]");
  };
  const update = ({ sessions }, quiet) => {
    for (const { workshop, round, left } of sessions) {
      const seat = document.querySelector(`[data-seat="${workshop}:${round}"]`);
      if (!seat) continue;
      const bar = seat.firstElementChild, words = seat.lastElementChild, data = live().dataset;
      const filled = left === 0 && bar.value > 0;
      bar.value = left;
      words.textContent = left === 0 ? data.full : left === 1 ? data.single : data.many.replace("#", left);
      seat.classList.toggle("full", left === 0);
      seat.classList.toggle("few", left > 0 && left <= 5);
      const card = seat.closest(".card");
      const take = card.querySelector("button[name=workshop]");
      // A button under somebody's finger or focus stays; the answer says that it is full.
      if (take && !(left === 0 && take === document.activeElement)) take.hidden = left === 0;
      if (filled && !quiet && looksAt(seat)) tell(data.nowFull.replace("#", card.querySelector("h3").textContent));
    }
  };

  let source, again, wait = 2000;
  const later = (most) => Math.random() * most;
  const close = () => { source?.close(); source = undefined; clearTimeout(again); };
  const listen = () => {
    if (source || document.hidden || !live() || !("live" in live().dataset)) return;
    source = new EventSource("/student/live");
    let first = true;
    source.onopen = () => { wait = 2000; if (navigator.onLine) notice(""); };
    source.addEventListener("seats", (e) => { update(JSON.parse(e.data), first); first = false; });
    source.addEventListener("state", (e) => {
      const { state, programme } = JSON.parse(e.data), page = live().dataset;
      if (state === page.state && programme === Number(page.programme)) return;
      close();
      again = setTimeout(() => location.reload(), later(3000));
    });
    source.addEventListener("gone", () => { close(); location.reload(); });
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
      close();
      // Whoever was signed out, or is left over after the purge, is told so.
      fetch("/student", { method: "HEAD" }).then((r) => { if (r.status === 410 || r.status === 401) location.assign("/student"); }, () => {});
      again = setTimeout(listen, wait + later(wait));
      wait = Math.min(wait * 2, 60000);
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : listen()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", listen);
  addEventListener("offline", () => notice(live()?.dataset.offline));
  addEventListener("online", () => { notice(""); listen(); });
  listen();
  window.student = { live, tell, notice, show, listen };
})();
