/* Only enhancement: every page works without this file. */
(function () {
  "use strict";

  var summary = document.querySelector("[data-error-summary]");
  if (summary) { summary.focus(); }

  var current = document.querySelector(".side-nav [aria-current]");
  var nav = current && current.closest(".side-nav");
  if (nav && nav.scrollWidth > nav.clientWidth) {
    nav.scrollLeft = current.getBoundingClientRect().left - nav.getBoundingClientRect().left - 16;
  }

  /* On a phone the tasks come before the filters, unless a filter is in use; what is kept for later is folded always. */
  var narrow = document.querySelector("link[data-narrow]");
  if (narrow && window.matchMedia(narrow.media).matches) {
    var folds = window.location.search ? "details[data-fold=always]" : "details[data-fold]";
    document.querySelectorAll(folds).forEach(function (part) { part.removeAttribute("open"); });
  }

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!except || !menu.contains(except)) { menu.removeAttribute("open"); }
    });
  }
  document.addEventListener("click", function (event) { closeMenus(event.target); });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    var open = document.querySelector("details.menu[open]");
    if (!open) { return; }
    closeMenus();
    open.querySelector("summary").focus();
  });

  /* A second tap on a slow line must not send the form twice; after five seconds a retry is allowed. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") { return; }
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 5000) { event.preventDefault(); return; }
    form.dataset.sent = String(Date.now());
  });

  /* What is typed is kept on the server two seconds after the last key, every twenty while somebody goes on typing, and when
     the page is left. Files go with the button, passwords and codes never. */
  document.querySelectorAll("form[data-draft]").forEach(function (form) {
    var line = form.querySelector("[data-draft-line]");
    var timer = 0, since = 0, sending = null, handedIn = false;

    function say(words) { if (line.textContent !== words) { line.textContent = words; } }
    function typed() {
      var data = new FormData(form);
      Array.prototype.forEach.call(form.elements, function (box) {
        if (box.type === "password" || box.type === "file" || box.closest("[data-unkept]")) { data.delete(box.name); }
      });
      data.set("op", "keep");
      return data;
    }
    function send(leaving) {
      window.clearTimeout(timer);
      if (!since || handedIn || (sending && leaving !== true)) { return; }
      var began = since;
      since = 0;
      sending = new AbortController();
      window.fetch(form.getAttribute("action") || window.location.pathname, {
        method: "POST", body: typed(), credentials: "same-origin", redirect: "error", keepalive: leaving === true,
        headers: {"Accept": "application/json"}, signal: sending.signal
      }).then(function (answer) {
        return answer.json().then(function (told) { return {ok: answer.ok, said: told.said}; });
      }).then(function (told) {
        sending = null;
        say(told.said);
        if (since) { wait(2000); }
      }).catch(function () {
        sending = null;
        if (handedIn) { return; }
        since = began;
        say(form.dataset.draftFailed);
        wait(15000);
      });
    }
    function wait(after) {
      window.clearTimeout(timer);
      timer = window.setTimeout(send, Date.now() - since > 20000 && after < 15000 ? 0 : after);
    }
    function changed(event) {
      if (event.target.type === "file" || event.target.closest("[data-unkept]")) { return; }
      since = since || Date.now();
      wait(2000);
    }
    function leave() { send(true); }
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("submit", function () {
      handedIn = true;
      window.clearTimeout(timer);
      if (sending) { sending.abort(); }
    });
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") { leave(); } });
    window.addEventListener("pageshow", function () { handedIn = false; });
  });

  /* A ballot must not say by its length how much is marked: what is not ticked is sent too, as 0. */
  document.querySelectorAll("form.ballot").forEach(function (form) {
    function forget() {
      form.querySelectorAll("input[data-unmarked]").forEach(function (one) { one.remove(); });
    }
    form.addEventListener("submit", function () {
      forget();
      form.querySelectorAll("input[type=checkbox]:not(:checked)").forEach(function (box) {
        var unmarked = document.createElement("input");
        unmarked.type = "hidden";
        unmarked.name = box.name;
        unmarked.value = "0";
        unmarked.dataset.unmarked = "";
        form.append(unmarked);
      });
    });
    window.addEventListener("pageshow", forget);
  });

  document.querySelectorAll("[data-choice-count]").forEach(function (box) {
    var max = Number(box.dataset.max);
    var counted = box.dataset.counts || 'input[name="' + box.dataset.choiceCount + '"]:checked';
    box.hidden = false;
    var over = box.querySelector("[data-over]");
    var shown = box.querySelector("[data-chosen]");
    function show() {
      var n = document.querySelectorAll(counted).length;
      shown.textContent = String(n);
      over.hidden = !(max && n > max);
      over.querySelector("[data-over-by]").textContent = String(n - max);
    }
    document.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  });

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
