"""Opens the lessons in JupyterLab, from whatever environment it is started in: the course's own, conda's or another."""

import argparse
import contextlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from course_utils.paths import REPOSITORY

NOTEBOOKS = REPOSITORY / "notebooks"
FIRST = "00_start_here.ipynb"


def writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`, found out by making one: permissions alone do not tell (root, shares)."""
    with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder):
        return True
    return False


def has_display() -> bool:
    """Whether a browser started here would have a screen. Without one, the web browser of last resort fills the terminal."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def jupyter_options(ip: str, port: int, browser: bool) -> list[str]:
    """Arguments for JupyterLab, which makes a token by itself, and takes another port when this one is not free."""
    chosen = {
        "ServerApp.ip": ip,
        "ServerApp.port": port,
        "ServerApp.root_dir": REPOSITORY,
        "ServerApp.open_browser": browser and has_display(),
        "ServerApp.allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,  # as one often is in a container
        "LabApp.default_url": f"/lab/tree/{NOTEBOOKS.name}/{FIRST}",
        "Application.log_level": "WARN",  # leaves the address to open, and what goes wrong
    }
    return [f"--{name}={value}" for name, value in chosen.items()]


def without_news(_handler, page_config: dict) -> dict:
    """JupyterLab's configuration less the part that would ask a student, first of all, whether it may fetch news."""
    disabled = [*page_config.get("disabledExtensions", []), "@jupyterlab/apputils-extension:announcements"]
    return {**page_config, "disabledExtensions": disabled}


def quiet_kernels(folder: Path) -> None:
    """Have notebooks run in a kernel, written to `folder`, that leaves to the terminal what libraries in C say.

    TensorFlow tells everyone who has no graphics card so, in many lines that a notebook shows in red, as if they were errors.
    """
    from ipykernel.kernelspec import write_kernel_spec

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    write_kernel_spec(folder / "kernels" / "python3", extra_arguments=["--IPKernelApp.capture_fd_output=False"])
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])])


def main(argv: list[str]) -> int:
    """The command `lab`: runs JupyterLab until it is stopped. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m course_utils lab", description="Open the lessons in JupyterLab.")
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--port", type=int, default=8888, help="port to use if it is free (%(default)s)")
    parser.add_argument(
        "--ip", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets other computers in (%(default)s)"
    )
    asked = parser.parse_args(argv)
    if importlib.util.find_spec("jupyterlab") is None:
        print(
            f"JupyterLab is not installed in {sys.executable}.\n"
            "Start the lessons with  make lab  or set the course up first:  python -m course_utils setup",
            file=sys.stderr,
        )
        return 1
    if not (NOTEBOOKS / FIRST).exists():
        print(f"{NOTEBOOKS / FIRST} is missing. Build the lessons with:  make notebooks", file=sys.stderr)
        return 1
    if not writable(NOTEBOOKS):
        print(
            f"You can run the lessons but not save them: {NOTEBOOKS} cannot be written.\n"
            f"To keep your work, copy that folder to one of your own, and start JupyterLab there:\n"
            f"    {sys.executable} -m jupyterlab",
            flush=True,
        )
    from jupyterlab.labapp import LabApp

    # For programs that a lesson starts with "!": those of this environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    print("JupyterLab is starting. Stop it with Ctrl-C here.", flush=True)
    with tempfile.TemporaryDirectory(prefix="course-kernel-") as folder:
        quiet_kernels(Path(folder))
        server = LabApp.initialize_server(argv=jupyter_options(asked.ip, asked.port, not asked.no_browser))
        if not server.identity_provider.token_generated:  # it prints its address only with a token of its own
            print(f"Its address is  {server.display_url}", flush=True)
        server.web_app.settings["page_config_hook"] = without_news
        server.start()
    return 0
