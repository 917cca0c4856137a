// Search in all pages. The texts come as a script, because a page in a folder may not fetch.
(() => {
  const input = document.getElementById("query");
  const answers = document.getElementById("answers");
  const list = answers.querySelector("ol");
  const status = document.getElementById("found");
  const MOST = 20;
  let index = null;

  const ready = new Promise((resolve) => {
    input.addEventListener("focus", () => {
      const script = document.createElement("script");
      script.src = window.courseRoot + "assets/search-data.js";
      script.onload = () => {
        index = new MiniSearch({
          fields: ["page", "heading", "text"],
          storeFields: ["page", "heading", "url", "text"],
          searchOptions: {
            boost: { page: 2, heading: 3 }, prefix: true, combineWith: "AND", fuzzy: (term) => (term.length > 5 ? 0.15 : 0),
          },
        });
        index.addAll(window.courseTexts);
        resolve();
      };
      document.head.append(script);
    }, { once: true });
  });

  const excerpt = (text, terms) => {
    const low = text.toLowerCase();
    const at = Math.min(...terms.map((term) => low.indexOf(term)).filter((place) => place >= 0), text.length);
    const from = at === text.length ? 0 : Math.max(0, at - 60);
    return (from ? "… " : "") + text.slice(from, from + 160) + (text.length > from + 160 ? " …" : "");
  };

  const search = async () => {
    await ready;
    const found = input.value.trim() ? index.search(input.value) : [];
    list.replaceChildren(...found.slice(0, MOST).map((hit) => {
      const link = document.createElement("a");
      link.href = window.courseRoot + hit.url;
      const title = document.createElement("strong");
      title.textContent = hit.heading === hit.page ? hit.page : `${hit.page}: ${hit.heading}`;
      const text = document.createElement("span");
      text.textContent = excerpt(hit.text, hit.terms);
      link.append(title, text);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    answers.hidden = !input.value.trim();
    status.textContent = found.length ? `${found.length} found` : "Nothing found: try fewer or shorter words.";
  };

  input.addEventListener("input", search);
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !answers.hidden) { answers.hidden = true; input.focus(); }
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); input.focus(); }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest("#search")) answers.hidden = true; });
})();
