// How many slides there are, their smallest text, code and figure, and what does not fit: slides.py evaluates this.
async () => {
  const faults = [], sizes = { text: [], code: [], figure: [] }, slides = Reveal.getSlides();
  for (const [n, section] of slides.entries()) {
    const { h, v } = Reveal.getIndices(section), slide = section.querySelector(".slide");
    Reveal.slide(h, v);
    await new Promise(requestAnimationFrame);
    for (const element of slide.querySelectorAll("*")) {
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      if (style.display === "none" || element.closest("aside, mjx-assistive-mml, defs")) continue;
      if (Math.min(box.left, box.top) < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
        faults.push(`slide ${n + 1}: cut off: <${element.localName}> ${element.textContent.trim().slice(0, 50)}`);
      const written = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (written) sizes[element.closest("pre, code, small") ? "code" : "text"].push(parseFloat(style.fontSize));
      if (element.localName === "img") sizes.figure.push(Math.min(box.height / element.naturalHeight, box.width / element.naturalWidth));
    }
    if (slide.scrollHeight > slide.clientHeight) faults.push(`slide ${n + 1}: is ${slide.scrollHeight} pixels high`);
  }
  const least = Object.entries(sizes).map(([kind, all]) => [kind, all.length ? Math.min(...all) : null]);
  return { slides: slides.length, core: Number(document.body.dataset.core), ...Object.fromEntries(least), faults };
};
