// Equations are set and slides are divided and fitted before the show begins, so that nothing moves during it.
const SMALLEST = 0.75; // of the full size: text is then 21 pixels high; tables are at least 18, code at least 16
const ROOM = 570; // pixels below a heading of one line
const MOST = 30; // slides before the exercises: where a lesson has more, its sections lose code
const scale = (slide, size) => slide.style.setProperty("--scale", size);
const text = (block) => block.firstElementChild.textContent.trim();
const rows = (block) => [...block.querySelectorAll("tbody tr, li")].filter((row) => !row.closest("aside"));
const height = (block) => parseFloat(block.style.minHeight) || block.offsetHeight;
const leads = (block, next) => // `block` must not be the last on its slide
  text(block).endsWith(":") || block.querySelector("h3") || next.matches(".printed") || /^([a-z]|[A-E]\. )/.test(text(next));

// The blocks below the heading of a slide, and their heights. The last rows of what is too high become a block of their own.
function blocksOf(slide) {
  scale(slide, SMALLEST);
  for (let block = slide.children[1]; block; block = block.nextElementSibling) {
    const all = rows(block), more = block.cloneNode(true);
    while (height(block) > ROOM && rows(block).length > 1) rows(block).at(-1).remove();
    rows(more).slice(0, rows(block).length).forEach((row) => row.remove());
    more.querySelector("aside").replaceChildren();
    if (rows(block).length < all.length) block.after(more);
  }
  return [...slide.children].slice(1).map((block) => ({ block, height: height(block) + 11 })); // 11: the gap
}

// Divides blocks into slides. What leads to a block goes with it, if there is room.
function divided(blocks) {
  const pages = [[]];
  let left = ROOM + 57 - (blocks[0]?.block.parentElement.firstElementChild.offsetHeight ?? 57);
  for (const each of blocks) {
    const page = pages.at(-1), moved = [each];
    if ((left -= each.height) < 0 && page.length) {
      left = ROOM - each.height;
      const goes = (last) => leads(last.block, moved[0].block) && last.height < left;
      for (; page.length > 1 && goes(page.at(-1)); moved.unshift(page.pop())) left -= page.at(-1).height;
      pages.push(moved);
    } else page.push(each);
  }
  return pages;
}

// Leaves out code while there are more than `limit` slides: first what no text leads to, the longest first.
function shortened(blocks, limit) {
  const rank = ({ block }) => block.textContent.length / (text(block.previousElementSibling).endsWith(":") ? 1e6 : 1);
  const codes = blocks.filter(({ block }) => block.matches(".source")).sort((a, b) => rank(a) - rank(b));
  for (; codes.length && divided(blocks).length > limit; codes.pop()) blocks = blocks.filter((each) => each !== codes.at(-1));
  return blocks;
}

// Moves code that is left out to the notes, and blocks that do not fit to further slides with the same heading.
function divide(slide, kept) {
  for (const code of [...slide.children].slice(1).filter((block) => !kept.some((each) => each.block === block))) {
    code.previousElementSibling.querySelector("aside").append(code.firstElementChild, ...code.lastElementChild.childNodes);
    code.remove();
  }
  for (const page of divided(kept).slice(1).reverse()) {
    const section = document.createElement("section"), more = slide.cloneNode(), heading = slide.firstElementChild.cloneNode(true);
    heading.querySelector("aside").remove();
    heading.classList.add("again");
    more.append(heading, ...page.map(({ block }) => block));
    section.append(more);
    slide.parentElement.after(section);
  }
}

// Divides all slides, so that few enough come before the exercises.
function divideAll() {
  const slides = [...document.querySelectorAll(".slide")], blocks = slides.map(blocksOf);
  const end = slides.findIndex((slide) => /^(Exercise|Going further)/.test(text(slide.firstElementChild)));
  const core = blocks.slice(0, end < 0 ? blocks.length : end);
  const count = (limit) => core.reduce((sum, each) => sum + divided(shortened(each, limit)).length, 0);
  const limit = [Infinity, 3, 2].find((each) => count(each) <= MOST) ?? 1;
  document.body.dataset.core = count(limit);
  slides.forEach((slide, n) => divide(slide, shortened(blocks[n], limit)));
}

function enlarge(slide) {
  const overflows = () => slide.scrollHeight > slide.clientHeight || slide.scrollWidth > slide.clientWidth;
  for (let size = 1; scale(slide, size), overflows() && size > SMALLEST; ) size = Math.max(SMALLEST, size - 0.025);
}

addEventListener("load", async () => {
  await MathJax.startup.promise;
  // The speaker's window shows a copy of the notes without MathJax's styles, where this text would stand beside each equation.
  document.querySelectorAll(".notes mjx-assistive-mml").forEach((text) => text.remove());
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  for (const { parentElement, naturalHeight, naturalWidth } of document.images) {
    const largest = Math.min(1.3 * naturalHeight, (naturalHeight * 1168) / naturalWidth, ROOM - 15);
    Object.assign(parentElement.style, { flexBasis: `${largest}px`, minHeight: `${Math.min(largest, 0.7 * naturalHeight)}px` });
  }
  for (const equation of document.querySelectorAll(".slide .text mjx-container")) {
    const wide = equation.firstElementChild.getBoundingClientRect().width, room = equation.closest(".text").clientWidth;
    if (wide > room) equation.style.fontSize = `${Math.max(0.6, room / wide) * 100}%`;
  }
  divideAll();
  document.querySelectorAll(".slide").forEach(enlarge);
  document.body.classList.remove("measuring");
  const shown = { width: 1280, height: 720, margin: 0, center: false, transition: "none", hash: true, slideNumber: "c/t" };
  await Reveal.initialize({ ...shown, navigationMode: "linear", plugins: [RevealNotes] }); // a clicker goes forward and back
});
