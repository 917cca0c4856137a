// Light or dark: as the system has it, until the reader chooses. Loaded first, so that no page flashes in the wrong colours.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("course-theme"); } catch { /* a browser may refuse to store for a folder */ }
  const dark = () => (chosen ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    root.dataset.theme = dark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      button.textContent = dark() ? "Light" : "Dark";
      button.setAttribute("aria-label", dark() ? "Switch to light colours" : "Switch to dark colours");
    }
  };
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    const contents = document.querySelector(".here details");
    if (contents) contents.open = matchMedia("(min-width: 75rem)").matches; // else it would hide the page
    document.getElementById("theme").addEventListener("click", () => {
      chosen = dark() ? "light" : "dark";
      try { localStorage.setItem("course-theme", chosen); } catch { /* then it holds for this page */ }
      show();
    });
  });
})();
