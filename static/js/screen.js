/* Shows one part of the county's wall at a time and loads the page anew after each round; without it all stand below one another.
   Nothing is cut off: what is wider than the wall is set smaller, a table that is longer goes on in as many parts as it needs. */
(function () {
  "use strict";
  var SMALLEST = 0.6, STEP = 0.05;  // of the usual type: below this it cannot be read from across a room
  var main = document.querySelector("[data-rotate]");
  var button = main.querySelector("[data-pause]");
  var pause = button.textContent;
  var slides = list(main.querySelectorAll(".slide"));
  var at = 0, running = true;

  function list(found) { return Array.prototype.slice.call(found); }
  function show() {
    slides.forEach(function (slide, n) { slide.hidden = n !== at; });
  }
  function alone(slide) {
    slides.forEach(function (other) { other.hidden = other !== slide; });
  }
  function isLonger() { return document.documentElement.scrollHeight > window.innerHeight; }
  function isWider(slide) {
    return list(slide.querySelectorAll(".matrix-wrap, .map-wrap")).some(function (wrap) {
      return wrap.scrollWidth > wrap.clientWidth;
    });
  }
  function setSmaller(slide, still) {
    for (var size = 1; still(slide) && size > SMALLEST; size -= STEP) { slide.style.fontSize = 1.25 * (size - STEP) + "rem"; }
  }
  function keep(slide, from, until) {
    list(slide.querySelectorAll("tbody tr")).forEach(function (row, n) {
      if (n < from || n >= until) { row.parentNode.removeChild(row); }
    });
  }
  /* How many rows of a table that is shown fit: as many as there are where all do, and one at the least. */
  function fitting(slide) {
    var rows = list(slide.querySelectorAll("tbody tr")), fit = rows.length;
    while (fit > 1 && isLonger()) {
      fit -= 1;
      rows[fit].hidden = true;
    }
    rows.forEach(function (row) { row.hidden = false; });
    return fit;
  }
  function parts(slide) {
    var all = slide.querySelectorAll("tbody tr").length, heading = slide.querySelector("h2"), found = [];
    alone(slide);
    setSmaller(slide, isWider);
    var count = Math.ceil(all / fitting(slide)), each = Math.ceil(all / count);
    for (var n = 0; n < count; n += 1) {
      var part = count > 1 ? slide.cloneNode(true) : slide;
      if (count > 1) {
        keep(part, n * each, (n + 1) * each);
        part.querySelector("h2").textContent = heading.textContent + slide.dataset.part
          .replace("{n}", n + 1).replace("{all}", count);
        part.hidden = true;
        slide.parentNode.insertBefore(part, slide);
      }
      found.push(part);
    }
    if (count > 1) { slide.parentNode.removeChild(slide); }
    return found;
  }
  function laidOut() {
    slides = slides.reduce(function (found, slide) {
      if (slide.dataset.part) { return found.concat(parts(slide)); }
      alone(slide);
      setSmaller(slide, isLonger);
      return found.concat(slide);
    }, []);
  }

  main.classList.add("turning");
  button.hidden = false;
  button.addEventListener("click", function () {
    running = !running;
    button.textContent = running ? pause : button.dataset.go;
    button.setAttribute("aria-pressed", String(!running));
  });
  laidOut();
  show();
  window.addEventListener("resize", function () { window.location.reload(); });
  window.setInterval(function () {
    if (!running) { return; }
    at += 1;
    if (at >= slides.length) { window.location.reload(); return; }
    show();
  }, Number(main.dataset.rotate) * 1000);
})();
