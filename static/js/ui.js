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
    if (form.method !== "post" || event.defaultPrevented) { return; }
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 5000) { event.preventDefault(); return; }
    form.dataset.sent = String(Date.now());
  });

  /* A session may end while a form is filled in. What is typed then stays on the page, which asks before it sends a form
     whose server has been silent for a minute, and goes on with the token of the next session, in the office it was opened in. */
  function sessionOf(form) {
    var out = form.querySelector("[data-signed-out]");
    var heard = Date.now(), sure = false;

    /* Promises whether somebody is signed in; the page's forms then hold the token of that session. */
    function renew() {
      return window.fetch(form.dataset.signedIn, {
        credentials: "same-origin", redirect: "error", headers: {"Accept": "application/json"}
      }).then(function (answer) {
        if (answer.status === 401) { out.hidden = false; }
        if (!answer.ok) { return false; }
        return answer.json().then(function (told) {
          document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach(function (box) { box.value = told.token; });
          heard = Date.now();
          if (out.hidden) { return true; }
          out.hidden = true;
          var office = new FormData();
          office.set("csrfmiddlewaretoken", told.token);
          office.set("grant", form.dataset.office);
          return window.fetch(form.dataset.switch, {
            method: "POST", body: office, credentials: "same-origin", redirect: "manual"
          }).then(function () { return true; });
        });
      });
    }
    form.addEventListener("submit", function (event) {
      if (!form.requestSubmit || sure || (out.hidden && Date.now() - heard < 60000)) { return; }
      var pressed = event.submitter;
      function go() { sure = true; form.requestSubmit(pressed); sure = false; }
      event.preventDefault();
      renew().then(function (signedIn) {
        if (signedIn || out.hidden) { go(); } else { out.querySelector("a").focus(); }
      }, go);
    });
    window.addEventListener("pageshow", function (event) { if (event.persisted) { heard = 0; } });
    return {renew: renew, hear: function () { heard = Date.now(); }, isOver: function () { return !out.hidden; }};
  }
  /* Such a form that keeps no draft itself asks to confirm what another one sent. Gone back to later its page is that other
     form's once more, with what had been typed there, and no question whether to send it again. */
  document.querySelectorAll("form[data-signed-in]:not([data-draft])").forEach(function (form) {
    sessionOf(form);
    window.history.replaceState(window.history.state, "");
  });

  /* What is typed is kept on the server two seconds after the last key, every twenty while somebody goes on typing, and when
     the page is left. Files go with the button, passwords and codes never. */
  document.querySelectorAll("form[data-draft]").forEach(function (form) {
    var line = form.querySelector("[data-draft-line]");
    var session = sessionOf(form);
    var timer = 0, since = 0, sending = null, handedIn = false, renewed = false;

    function say(words) { if (line.textContent !== words) { line.textContent = words; } }
    function typed() {
      var data = new FormData(form);
      Array.prototype.forEach.call(form.elements, function (box) {
        if (box.type === "password" || box.type === "file" || box.closest("[data-unkept]")) { data.delete(box.name); }
      });
      data.set("op", "keep");
      return data;
    }
    /* Nobody is signed in, or somebody is anew; a second refusal in a row is not the token's. */
    function sentAway(began, status) {
      if (status === 403 && renewed) { throw new Error("refused"); }
      return session.renew().then(function (signedIn) {
        sending = null;
        since = since || began;
        renewed = signedIn;
        if (session.isOver()) { say(""); }
        wait(signedIn ? 0 : 15000);
      });
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
        if (answer.status === 401 || answer.status === 403) { return sentAway(began, answer.status); }
        return answer.json().then(function (told) {
          sending = null;
          renewed = false;
          session.hear();
          say(told.said);
          if (since) { wait(2000); }
        });
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
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented) { return; }
      handedIn = true;
      window.clearTimeout(timer);
      if (sending) { sending.abort(); }
    });
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden") { leave(); } else if (session.isOver()) { send(); }
    });
    window.addEventListener("pageshow", function () { handedIn = false; });
  });

  /* A ballot must not say by its length how much is marked: what is not ticked is sent too, as 0. Nothing of it is kept, so
     that whoever goes back to it, or loads it anew, finds an empty one that says so, and no question whether to send it again;
     what the address ends in is sent to nobody. */
  document.querySelectorAll("form.ballot").forEach(function (form) {
    function markAddress() { window.history.replaceState(window.history.state, "", "#again"); }
    /* The ballot itself says so: its address changes once the page stands, until then the browser would look up what it ends in. */
    if (document.getElementById("again")) { window.addEventListener("load", markAddress); } else { markAddress(); }
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
