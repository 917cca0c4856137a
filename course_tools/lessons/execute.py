"""Running notebooks, each in a kernel of its own: what they print, how long they take, how much memory, what they claim."""

import asyncio
import contextlib
import os
import platform
import re
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from course_tools.kernels import kernel_environment
from course_utils import claims, tables
from course_utils.paths import build_dir

KERNEL_ENVIRONMENT = {
    "COURSE_CLAIMS": "record",  # a broken claim is reported with all others, at the end
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore",
    "CUDA_VISIBLE_DEVICES": "-1",
    "JPY_SESSION_NAME": "",  # of a JupyterLab that this may have been started from
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


@dataclass
class Execution:
    """One executed notebook. `fault` says what went wrong and where, None for nothing; `memory` is the peak in bytes."""

    name: str
    notebook: NotebookNode
    seconds: float = 0.0
    memory: int = 0
    fault: str | None = None
    claims: list[dict] = field(default_factory=list)
    tables: list[dict] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Why this run failed: a line for each reason, which names the lesson and the cell."""
        text = "cell {cell}: this claim does not hold: {text}: measured {value}, expected {relation} {bound}"
        broken = [text.format(**claim) for claim in self.claims if not claim["held"]]
        return [f"{self.name}, {fault}" for fault in [self.fault, *broken] if fault]


def run_all(
    pairs: Sequence[tuple[str, NotebookNode]], folder: Path, limit: float, environment=(), title="running", at_once=2
) -> list[Execution]:
    """Execute (name, notebook) `pairs` in `folder`, `at_once` at a time, each within `limit` seconds and with the variables
    of `environment`. Never raises for what a notebook does."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # not another kernel named python3 in the user's home
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # no debugger's warning when a kernel starts

    async def everything():
        slot = asyncio.Semaphore(at_once)
        runs = (_run(name, notebook, folder, limit, environment, bar, slot) for name, notebook in pairs)
        return await asyncio.gather(*runs)

    # In a thread of its own: in the main thread nbclient takes over Ctrl-C, ends one kernel by it, and continues.
    loop, cells = asyncio.new_event_loop(), sum(len(notebook.cells) for _, notebook in pairs)
    with ThreadPoolExecutor(1) as thread, tqdm(total=cells, desc=title, unit="cell", mininterval=1) as bar:
        running = thread.submit(asyncio.Runner(loop_factory=lambda: loop).run, everything())
        try:
            while not wait([running], timeout=0.5).done:  # without a timeout, Windows would not hear Ctrl-C
                pass
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
            raise
        return running.result()


def machine() -> str:
    """The machine in words: what matters when times are compared, and nothing that identifies it."""
    hardware = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB of memory"
    system = f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}"
    return f"{hardware}, {system}, TensorFlow {version('tensorflow')}"


async def _run(name, notebook, folder, limit, environment, bar, slot) -> Execution:
    async with slot:
        execution, position, begun = Execution(name, notebook), 0, time.monotonic()

        def begin(cell, cell_index) -> None:
            nonlocal position
            bar.set_postfix_str(name, refresh=False)
            bar.update(cell_index - position)
            position = cell_index

        client = NotebookClient(
            notebook,
            timeout=None,  # the limit is on the whole notebook
            iopub_timeout=60,  # on a busy machine outputs arrive seconds after the cell; nbclient would drop them
            raise_on_iopub_timeout=True,
            kernel_name="python3",
            extra_arguments=["--IPKernelApp.log_level=40"],  # no warning that loopback traffic is not encrypted
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=begin,
        )
        watch = asyncio.create_task(_watch_memory(client, execution))
        saved = {"COURSE_BUILD_DIR": str(build_dir() / "runs" / name)}  # two runs must not write the same files
        variables = os.environ | kernel_environment() | KERNEL_ENVIRONMENT | saved | dict(environment)
        said, fault = tempfile.TemporaryFile(), None  # what the kernel says beside its outputs
        try:
            await asyncio.wait_for(client.async_execute(env=variables, stderr=said), limit)
        except CellExecutionError as error:
            fault = f"raised {error.ename}: {_plain(error.evalue)[:500]}"
        except (TimeoutError, DeadKernelError):  # stopped at its limit, nbclient raises the one or the other
            said.seek(0)
            last = _plain(said.read().decode("utf-8", "replace")).rpartition("\n")[2]
            fault = "the kernel died (out of memory, or a crash)" + (
                f"; its last message: {last[:500]}" if last else ""
            )
            if time.monotonic() - begun >= limit:
                fault = f"stopped at the limit of {limit:g} s"
        except Exception as error:  # a kernel that does not start, a damaged notebook: the other lessons still run
            fault = f"could not be executed: {type(error).__name__}: {error}"
        finally:
            execution.seconds = time.monotonic() - begun
            watch.cancel()
            said.close()
            bar.update(len(notebook.cells) - position)
    if fault:
        lines = notebook.cells[position].source.splitlines() if notebook.cells else []
        first = next((line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
        execution.fault = f"cell {position} ({first[:60]}): {fault}"
    for number, cell in enumerate(notebook.cells):
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            execution.claims += [{**data[claims.MIME], "cell": number}] if claims.MIME in data else []
            execution.tables += [data[tables.MIME]] if tables.MIME in data else []
    return execution


async def _watch_memory(client: NotebookClient, execution: Execution) -> None:
    """Peak of the resident memory of the kernel and its children, looked at five times a second."""
    while True:
        await asyncio.sleep(0.2)
        with contextlib.suppress(psutil.Error, AttributeError, TypeError):  # not started yet, or gone already
            kernel = psutil.Process(client.km.provisioner.pid)
            now = sum(process.memory_info().rss for process in [kernel, *kernel.children(recursive=True)])
            execution.memory = max(execution.memory, now)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
