"""What messages of pip, uv, the system and TensorFlow mean, and what to do about them."""

import re

DISK_GB, DOWNLOAD_GB = 3.4, 0.9  # of a set-up for the lessons, measured on Linux x86_64
ANOTHER_FOLDER = "name another folder in the variable COURSE_VENV."
AGAIN = "Packages that were downloaded are kept: run the same command again."
FAILED = f"The set-up failed; the reason is above. {AGAIN}"
MEANINGS = {  # pattern in a message: its meaning and what to do
    "Errno 28|Errno 122|No space left|Disk quota|WinError 112": f"The disk is full, or your quota is used up. The course "
    f"needs {DISK_GB} GB.\nFree some space, or {ANOTHER_FOLDER}",
    "lib64|symbolic link": "This file system has no symbolic links, as on a USB stick or in a shared folder.\n"
    f"Move the course to the computer's own disk, or {ANOTHER_FOLDER}",
    "long path|WinError 206|name too long": "The path is too long for Windows.\nMove the course to a folder with a "
    "short path, such as C:\\course, or turn on long paths in Windows.",
    r"Errno 13|Errno 30|Permission denied|Read-only file|WinError 5\b|WinError 32": "A file or folder cannot be written.\n"
    f"Close programs that use it, such as JupyterLab, or {ANOTHER_FOLDER}",
    "SOCKS": "pip has no support for SOCKS proxies.\n"
    "Unset ALL_PROXY and all_proxy and, if you need a proxy, name an HTTP proxy in HTTPS_PROXY.",
    "hashes": "pip is set to require hashes, which the locked versions do not have.\n"
    "Unset PIP_REQUIRE_HASHES, or require-hashes in pip's configuration (pip config list).",
    "CERTIFICATE_VERIFY_FAILED|SSLError|UnknownIssuer": "This computer does not know the certificate of the server.\n"
    f"Schools and companies often have one of their own: ask for the file, and name it in PIP_CERT. {AGAIN}",
    "NewConnectionError|NameResolution|getaddrinfo|Timeout|Max retries|ProxyError|ProtocolError|IncompleteRead|HTTP error"
    "|Connection ?(Reset|Refused|broken|aborted)": "No network, or the server of the packages does not answer.\n"
    f"Check the connection, and pip's proxy and mirror if you use them (pip config list). {AGAIN}",
    "No matching distribution": "There is no such package for this computer and this Python where pip looks (see above).\n"
    "TensorFlow runs on Linux (x86-64, ARM), Windows (x86-64) and Macs with Apple's own processors.\n"
    f"If pip uses a mirror (pip config list), that may be out of date. {AGAIN}",
}
IMPORTS = {  # the same, of TensorFlow's import in a process of its own; -4 and the like are what the process ended with
    r"^(-4|132|3221225501)\n": "The processor does not have an instruction that TensorFlow uses (AVX).\n"
    "Use a newer computer or, in a virtual machine, let it use the processor's AVX instructions.",
    r"^(-9|137)\n": "The process was killed, as the system does when memory is used up.\n"
    "Close other programs, or give it more memory.",
    "DLL load failed": "Windows has no library that TensorFlow needs.\n"
    "Install Microsoft's Visual C++ Redistributable (x64) and start the computer again.",
    "DNN library|CUDNN_STATUS|cudnn.*version|libdevice": "The driver or cuDNN of the graphics card does not fit TensorFlow.\n"
    "Set CUDA_VISIBLE_DEVICES to -1 before you start: the lessons need no graphics card.",
}


def explain(message: str, meanings: dict[str, str] = MEANINGS, otherwise: str = "") -> str:
    """The first of the meanings whose pattern is in the message."""
    found = (meaning for pattern, meaning in meanings.items() if re.search(pattern, message, re.IGNORECASE))
    return next(found, otherwise)
