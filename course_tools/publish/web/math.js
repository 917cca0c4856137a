// How MathJax reads the equations of the lessons: as JupyterLab does.
window.MathJax = {
  tex: { inlineMath: [["$", "$"]], displayMath: [["$$", "$$"]], processEscapes: true },
  svg: { fontCache: "local" },
};
