// The ranking, where scripts run. A click shows at once; the server gets the
// clicks one after the other, and again until it has them: they say where a
// workshop comes, so that saying it twice does no harm. When the last one is
// saved the server's own page takes the place of this one.
(() => {
  const { live, tell, notice, show, listen } = window.student;
  const $ = (id) => document.getElementById(id);
  const text = () => live().dataset;
  const order = () => [...document.querySelectorAll(".wishes>li")].map((row) => row.id.slice(5));
  const missing = (n) => (n < 1 ? text().complete : n === 1 ? text().single : text().many.replace("#", n));

  // keep does something to the page and puts the focus on the element with that
  // id; what stays stays where it was on the screen.
  const keep = (focus, stays, change) => {
    const top = () => $(stays)?.getBoundingClientRect().top;
    const before = top();
    change();
    $(focus)?.focus({ preventScroll: stays === focus });
    if (before !== undefined && $(stays)) scrollBy({ top: top() - before, behavior: "instant" });
  };

  const row = (id) => {
    const made = document.createElement("ol");
    made.innerHTML = $("row").innerHTML.replaceAll("this-one", id);
    made.querySelector("strong").textContent = title(id);
    return made.firstElementChild;
  };
  const title = (id) => $("w-" + id).querySelector("h3").textContent;

  const draw = (ids) => {
    document.querySelector(".wishes").replaceChildren(...ids.map((id) => $("wish-" + id) || row(id)));
    for (const card of document.querySelectorAll(".pool .card")) {
      const at = ids.indexOf(card.id.slice(2));
      card.classList.toggle("is-chosen", at >= 0);
      card.querySelector(".at").textContent = text().rank.replace("#", at + 1);
    }
    document.querySelector(".pool").classList.toggle("is-full", ids.length >= text().length);
    const bar = document.querySelector(".chosen a");
    bar.classList.toggle("has", ids.length > 0);
    bar.querySelector("b").firstChild.data = text().count.replace("#", ids.length) + " ";
    $("titles").textContent = ids.map((id, i) => i + 1 + ". " + title(id)).join(" ");
    $("saved").textContent = text().saving;
  };

  const waiting = [];
  let sending = false, wait = 1000, again, pointed = false, last = {};
  document.addEventListener("click", (e) => { pointed = e.detail > 0; }, true); // a keyboard clicks nought times

  document.addEventListener("submit", (e) => {
    const form = e.target, button = e.submitter;
    if (!form.matches(".rank")) return;
    e.preventDefault();
    const url = button.formAction, id = url.slice(url.lastIndexOf("/") + 1), ids = order(), at = ids.indexOf(id);
    // The second of a double click hits the row that slid under the finger.
    const listed = button.closest(".wishes");
    if (listed && pointed && last.id !== id && e.timeStamp - last.time < 400) return;
    last = { id: listed && id, time: e.timeStamp };
    const body = new URLSearchParams({ programme: text().programme });
    let method = "PUT", focus = button.id || "w-" + id, said;
    if (form.id === "drop") {
      if (at < 0) return;
      method = "DELETE";
      ids.splice(at, 1);
      if (listed) focus = ids.length ? "off-" + ids[Math.min(at, ids.length - 1)] : "list";
      said = text().off.replace("#", title(id)) + " " + missing(text().length - ids.length);
    } else {
      const place = at < 0 ? ids.length : Math.max(0, Math.min(ids.length - 1, at + (button.id.startsWith("up-") ? -1 : 1)));
      if (at < 0 ? ids.length >= text().length : !listed) return;
      if (at >= 0) ids.splice(at, 1);
      ids.splice(place, 0, id);
      body.set("place", place + 1);
      said = title(id) + ": " + text().rank.replace("#", place + 1) + ". " + (at < 0 ? missing(text().length - ids.length) : "");
    }
    waiting.push({ url, method, body: method === "PUT" ? body : undefined });
    keep(focus, listed ? "list" : focus, () => draw(ids));
    tell(said);
    send();
  });

  const send = async () => {
    clearTimeout(again);
    if (sending) return;
    sending = true;
    try {
      while (waiting.length) {
        const { url, method, body } = waiting[0];
        const reply = await fetch(url, { method, body, headers: { Accept: "text/html" } });
        if (reply.status >= 500 || reply.status === 429) throw reply.status;
        const html = await reply.text();
        waiting.shift();
        if (!reply.ok) waiting.length = 0; // what came after was meant for another list
        if (reply.status === 401 || reply.status === 410) return location.assign("/student");
        if (!waiting.length) settle(html);
      }
      wait = 1000;
      notice("");
    } catch {
      notice(navigator.onLine ? text().notSaved : text().offline);
      again = setTimeout(send, wait + Math.random() * wait);
      wait = Math.min(wait * 2, 30000);
    } finally {
      sending = false;
    }
  };

  const settle = (html) => {
    const focus = document.activeElement.id;
    keep(focus, focus, () => show(html));
    listen();
    if ($("trouble")) return $("trouble").focus();
    const flash = document.querySelector(".flash");
    if ($("saved") && flash) {
      $("saved").textContent = flash.textContent;
      flash.remove();
    }
  };

  addEventListener("online", send);
  addEventListener("beforeunload", (e) => { if (waiting.length) e.preventDefault(); });
})();
