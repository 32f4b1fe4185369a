/* Says on the hall's screen when the server does not answer; the board itself keeps asking. */
(function () {
  "use strict";
  var away = document.getElementById("hall-away");
  function show(event) { away.hidden = event.type === "htmx:afterOnLoad"; }
  ["htmx:sendError", "htmx:timeout", "htmx:responseError", "htmx:afterOnLoad"].forEach(function (name) {
    document.body.addEventListener(name, show);
  });
})();
