"""Opens the lessons in JupyterLab, from whatever environment it is started in: the course's own, conda's or another."""

import importlib.util
import os
import sys
from pathlib import Path

from course_tools import __main__ as commands
from course_tools.kernels import kernel_environment, temporary_folder, writable
from course_utils.paths import LESSONS, REPOSITORY

FIRST = "00_start_here.ipynb"


def has_display() -> bool:
    """Whether a browser started here would have a screen; without one, a browser for text might fill the terminal."""
    return not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))


def jupyter_options(ip: str, port: int, browser: bool) -> list[str]:
    """Arguments for JupyterLab. It makes a token by itself, and takes another port when this one is in use."""
    return [
        f"--ServerApp.ip={ip}",
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={REPOSITORY}",
        f"--ServerApp.open_browser={browser and has_display()}",
        f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",  # as usual in a container
        f"--LabApp.default_url=/lab/tree/{LESSONS.name}/{FIRST}",
        "--Application.log_level=WARN",  # the address to open, and errors
    ]


def without_news(_handler, page_config: dict) -> dict:
    """JupyterLab's configuration without the part that asks every student at once whether it may fetch news."""
    disabled = [*page_config.get("disabledExtensions", []), "@jupyterlab/apputils-extension:announcements"]
    return {**page_config, "disabledExtensions": disabled}


def prepare_kernels(folder: Path) -> None:
    """Set this process's variables for kernels, and write one to `folder` that hides what libraries in C print.

    TensorFlow prints many lines where there is no graphics card; a notebook would show them in red, like errors.
    """
    from ipykernel.kernelspec import write_kernel_spec

    os.environ.update(kernel_environment())
    write_kernel_spec(folder / "kernels" / "python3", extra_arguments=["--IPKernelApp.capture_fd_output=False"])
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])])


def main(argv: list[str], notebooks: Path = LESSONS) -> int:
    """The command `lab`: runs JupyterLab until it is stopped. Returns the exit status."""
    parser = commands.parser("lab")
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--port", type=int, default=8888, help="port, or another one if it is in use (%(default)s)")
    parser.add_argument("--ip", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets other computers connect")
    asked = parser.parse_args(argv)
    if importlib.util.find_spec("jupyterlab") is None:
        how = "Use  make lab  instead, which installs it, or install the course first:  python -m course_utils setup"
        print(f"JupyterLab is not installed in {sys.executable}.\n{how}", file=sys.stderr)
        return 1
    if not (notebooks / FIRST).exists():
        print(f"{notebooks / FIRST} is missing. Build the lessons with:  make notebooks", file=sys.stderr)
        return 1
    if not writable(notebooks):
        print(f"You can run the lessons but not save them: the folder {notebooks} cannot be written.")
        print(f"Copy it to your home folder, and start JupyterLab in the copy:  {sys.executable} -m jupyterlab")
    print("JupyterLab is starting. To stop it, press Ctrl-C in this window.", flush=True)
    prepare_kernels(temporary_folder())
    # JupyterLab needs no proxy to start, and fails at an address that it cannot read; kernels get the user's own.
    hidden = {name: os.environ.pop(name) for name in [*os.environ] if name.lower().endswith("_proxy")}
    try:
        from jupyterlab.labapp import LabApp

        server = LabApp.initialize_server(argv=jupyter_options(asked.ip, asked.port, not asked.no_browser))
    finally:
        os.environ.update(hidden)
    if not server.identity_provider.token_generated:  # it prints its address only with a token of its own
        print(f"Its address is  {server.display_url}", flush=True)
    server.web_app.settings["page_config_hook"] = without_news
    server.start()
    return 0
