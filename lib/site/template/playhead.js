"use strict";
// A line runs over the picture whose sound is playing.
for (const audio of document.querySelectorAll("audio[data-picture]")) {
  const pictures = [...audio.closest(".cell").querySelectorAll(".picture img")];
  const picture = pictures.find((one) => one.getAttribute("src") === audio.dataset.picture);
  if (!picture) continue;
  const line = document.createElement("span");
  line.className = "playhead";
  line.hidden = true;
  picture.after(line);
  const left = Number(audio.dataset.left);
  const width = Number(audio.dataset.right) - left;
  const move = () => {
    const done = audio.duration ? audio.currentTime / audio.duration : 0;
    line.style.left = `${picture.offsetLeft + picture.clientWidth * (left + width * done)}px`;
    line.hidden = false;
    if (!audio.paused && !audio.ended) requestAnimationFrame(move);
  };
  audio.addEventListener("play", move);
  audio.addEventListener("seeked", move);
}
