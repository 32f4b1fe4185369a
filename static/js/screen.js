/* Shows one part of the county's wall at a time and loads the page anew after each round; without it all stand below one another. */
(function () {
  "use strict";
  var main = document.querySelector("[data-rotate]");
  var slides = Array.prototype.slice.call(main.querySelectorAll(".slide"));
  var button = main.querySelector("[data-pause]");
  var pause = button.textContent;
  var at = 0, running = true;

  function show() {
    slides.forEach(function (slide, n) { slide.hidden = n !== at; });
  }
  button.hidden = false;
  button.addEventListener("click", function () {
    running = !running;
    button.textContent = running ? pause : button.dataset.go;
    button.setAttribute("aria-pressed", String(!running));
  });
  show();
  window.setInterval(function () {
    if (!running) { return; }
    at += 1;
    if (at >= slides.length) { window.location.reload(); return; }
    show();
  }, Number(main.dataset.rotate) * 1000);
})();
