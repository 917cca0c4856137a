// Equations are set and every slide is fitted before the show begins, so that nothing moves during it.
addEventListener("load", async () => {
  const { width, height, smallest } = document.body.dataset;
  await MathJax.startup.promise;
  // The speaker's window shows a copy of the notes without MathJax's styles, where this text would stand beside each equation.
  document.querySelectorAll(".notes mjx-assistive-mml").forEach((text) => text.remove());
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  for (const equation of document.querySelectorAll(".slide > .text mjx-container")) {
    const wide = equation.firstElementChild.getBoundingClientRect().width, room = equation.closest(".text").clientWidth;
    if (wide > room) equation.style.fontSize = `${Math.max(0.6, room / wide) * 100}%`;
  }
  for (const slide of document.querySelectorAll(".slide")) {
    let scale = 1;
    const overflows = () => slide.scrollHeight > slide.clientHeight || slide.scrollWidth > slide.clientWidth;
    while (overflows() && scale > Number(smallest)) {
      scale = Math.max(Number(smallest), scale - 0.02);
      slide.style.setProperty("--scale", scale);
    }
  }
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: Number(width), height: Number(height), margin: 0, center: false, hash: true, slideNumber: "c/t",
    navigationMode: "linear", // a clicker knows only forward and back
    transition: "none", plugins: [RevealNotes],
  });
});
