"""How Sphinx makes the site: its settings, and hooks for what no setting can say."""

import json
import re
import tomllib

from myst_nb.core.render import NbElementRenderer

html_title = "Embeddings and recurrent networks"
root_doc = "README"
TEXTS = "GUIDE.md GLOSSARY.md RESULTS.md data/README.md TEACHING.md HUBS.md CONTRIBUTING.md".split()
include_patterns = ["README.md", *TEXTS, "notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb"]
exclude_patterns = [".*", "build", "data/downloads"]  # Sphinx looks into no folder that is excluded
extensions = ["myst_nb"]
nb_execution_mode = "off"
suppress_warnings = ["mystnb.unknown_mime_type"]  # claims and tables are stored as data, beside their HTML
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # with the names that GitHub gives them
mathjax_path = "mathjax.js"
html_theme = "sphinx_book_theme"
html_static_path = html_css_files = ["site.css"]
html_sidebars = {"**": ["search-button-field", "sbt-sidebar-nav"]}
html_copy_source = html_use_index = False
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "use_download_button": False,  # each lesson links to its notebook
    "footer_content_items": ["extra-footer"],
    "extra_footer": "Text and figures: CC BY 4.0. Code: MIT.",
}


def render_image(self, data, render=NbElementRenderer.render_image):
    """A figure with its alternative text, which myst-nb drops."""
    (image,) = render(self, data)
    image["alt"] = data.output_metadata.get(data.mime_type, {}).get("alt", "")
    return [image]


def complete(app, docname, content):
    """Add to the source of a page what only the site needs: the list of all pages, or links to a lesson's notebooks."""
    folder, _, name = docname.rpartition("/")
    if docname == root_doc:
        content[0] += "\n".join(["\n\n```{toctree}\n:hidden:\n:glob:\n", "notebooks/[0-9]*", *TEXTS, "```\n"])
    elif folder.startswith("notebooks"):
        notebook, solved = json.loads(content[0]), folder.endswith("solutions")
        title, *rest = "".join(notebook["cells"][0]["source"]).split("\n")
        other = "[The lesson, to solve](../" if solved else "[The same lesson, solved](solutions/"
        links = f"{{download}}`Download this notebook <{name}.ipynb>` · {other}{name}.ipynb)"
        notebook["cells"][0]["source"] = "\n".join([title + ", solved" * solved, "", links, *rest])
        notebook["metadata"] |= {"orphan": True, "no-search": True} if solved else {}
        for cell in notebook["cells"]:
            if cell["metadata"].get("jupyter", {}).get("source_hidden"):
                cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
        content[0] = json.dumps(notebook)


def finish(app, pagename, templatename, context, doctree):
    """Make the empty corner of a table no heading, and add a launch button that the theme does not have."""
    body = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")  # of a summary that has words
    context["body"] = re.sub(r"<th\b[^>]*>(<p></p>)?</th>", "<td></td>", body)
    for group in context["header_buttons"]:
        if group["label"] == "launch-buttons":
            url = "https://codespaces.new/{github_user}/{github_repo}".format_map(context)
            group["buttons"].append({"type": "link", "text": "Codespaces", "url": url, "icon": "fa-brands fa-github"})


def setup(app):
    NbElementRenderer.render_image = render_image
    urls = tomllib.loads((app.srcdir / "pyproject.toml").read_text("utf-8"))["project"].get("urls", {})
    if "Repository" in urls:
        launch = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com"}
        launch |= {"jupyterhub_url": urls.get("JupyterHub", ""), "notebook_interface": "jupyterlab"}
        html_theme_options.update(repository_url=urls["Repository"], repository_branch="main", launch_buttons=launch)
    # Search results get an excerpt by a request, which a browser refuses for a page in a folder.
    app.add_js_file(None, body="DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== 'file:'")
    app.connect("source-read", complete)
    app.connect("html-page-context", finish, priority=900)
