"use strict";
// A song of the map that is pointed at says its title below; one that is chosen is played, where the page has sound.
for (const map of document.querySelectorAll(".map")) {
  const said = map.querySelector(".said");
  const audio = map.querySelector("audio");
  const tell = (event) => {
    const point = event.target.closest(".point");
    if (!point) return;
    map.querySelector(".chosen")?.classList.remove("chosen");
    point.classList.add("chosen");
    said.textContent = point.querySelector("title").textContent;
    if (event.type !== "click" || !audio || !point.dataset.sound) return;
    audio.src = point.dataset.sound;
    audio.play();
  };
  const drawing = map.querySelector("svg");
  drawing.addEventListener("pointerover", tell);
  drawing.addEventListener("click", tell);
}
