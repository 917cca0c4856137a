// What is wrong with each slide, and its smallest text, code and figure: slides.py evaluates this in Chromium.
async (smallestFigure) => {
  const seen = [];
  for (const [n, section] of Reveal.getSlides().entries()) {
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v);
    await new Promise((done) => setTimeout(done, 20));
    const slide = section.querySelector(".slide"), faults = [], sizes = { text: [], code: [], figure: [] };
    const frame = slide.getBoundingClientRect();
    if (frame.width !== innerWidth || frame.height !== innerHeight) faults.push(`is ${frame.width} × ${frame.height}`);
    for (const element of slide.querySelectorAll(":scope > :not(aside) *")) {
      if (element.closest("mjx-assistive-mml, defs") || getComputedStyle(element).display === "none") continue;
      const box = element.getBoundingClientRect(), size = parseFloat(getComputedStyle(element).fontSize);
      if (box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.left < frame.left - 1 || box.top < frame.top - 1)
        faults.push(`cut off: <${element.localName}> ${element.textContent.trim().slice(0, 50)}`);
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (own) sizes[element.closest("pre, code, small") ? "code" : "text"].push(size);
      if (element.localName === "img") {
        const scale = Math.min(box.height / element.naturalHeight, box.width / element.naturalWidth);
        sizes.figure.push(scale);
        if (scale < smallestFigure) faults.push(`a figure is drawn at ${Math.round(100 * scale)} % of its size`);
      }
    }
    if (slide.scrollHeight > slide.clientHeight) faults.push(`is ${slide.scrollHeight} pixels high`);
    const least = ([kind, all]) => [kind, all.length ? Math.min(...all) : null];
    seen.push({ n: n + 1, faults: faults.slice(0, 3), ...Object.fromEntries(Object.entries(sizes).map(least)) });
  }
  return seen;
}
