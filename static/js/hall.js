/* Says on the hall's screen when the server does not answer; the board itself keeps asking. A result too long for the screen
   stands closer, its long titles wider, and where that is not enough either it is shown part by part. */
(function () {
  "use strict";
  var away = document.getElementById("hall-away");
  function show(event) { away.hidden = event.type === "htmx:afterOnLoad"; }
  ["htmx:sendError", "htmx:timeout", "htmx:responseError", "htmx:afterOnLoad"].forEach(function (name) {
    document.body.addEventListener(name, show);
  });

  var CLOSER = ["hall-short", "", "hall-long", "hall-longest"], READABLE = "hall-long";
  var EACH_PART = 10000;
  var scrolls = window.matchMedia("(max-width: 60em)");

  function tooHigh() { return document.documentElement.scrollHeight > window.innerHeight; }
  /* As close as need be; where nothing fits, as close as can still be read from the last row. */
  function stand(result) {
    var at = CLOSER.findIndex(function (name) { return name && result.classList.contains(name); });
    var closer = CLOSER.slice(at < 0 ? 1 : at), from = Math.max(0, closer.indexOf(READABLE));
    function as(name) { result.className = "hall-result hall-wide " + name; }
    if (closer.some(function (name) { as(name); return !tooHigh(); })) { return true; }
    as(closer[from]);
    return false;
  }
  function part(result) {
    var lines = Array.from(result.querySelectorAll("li")), parts = [[]];
    var told = result.querySelector(".hall-part");
    told.hidden = false;
    lines.forEach(function (line) { line.hidden = true; });
    lines.forEach(function (line) {
      var last = parts[parts.length - 1];
      line.hidden = false;
      if (tooHigh() && last.length) {
        last.forEach(function (one) { one.hidden = true; });
        parts.push(last = []);
      }
      last.push(line);
    });
    var at = Math.floor(Date.now() / EACH_PART) % parts.length;
    parts.forEach(function (of, n) { of.forEach(function (line) { line.hidden = n !== at; }); });
    told.querySelector("[data-part]").textContent = String(at + 1);
    told.querySelector("[data-parts]").textContent = String(parts.length);
  }
  function fit() {
    var result = document.querySelector(".hall-result");
    if (!result || scrolls.matches || !tooHigh()) { return; }
    if (!stand(result)) { part(result); }
  }
  document.body.addEventListener("htmx:afterSwap", fit);
  fit();
})();
