"""The server of the browser application, which only answers whoever has its token."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.staging import staging
from CraNeXtLib.slicer_ui.browser_app.access import TOKEN, gate, new_token
from CraNeXtLib.slicer_ui.browser_app.exported_files import ROUTE, exported_file


def serve(folder: Path, *, host: str, port: int, open_browser: bool) -> None:
    """Serve the application until the process is ended.

    Args:
        folder: Folder whose files can be opened.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        open_browser: Whether to open the page in the user's browser.

    Raises:
        InputError: If there is no such folder, or the port is taken.
        ModuleNotFoundError: If the packages of the extra ``app`` are missing.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; give the folder with the skulls.")
    port = _free_port(host, port)
    os.environ["WSLINK_READY_MSG"] = ""  # a line that only launchers of such servers need
    with staging(Path(tempfile.gettempdir())) as temporary:
        # What this process and its workers keep for a while lies in one folder, which the next start deletes if this
        # process is killed.
        tempfile.tempdir = str(temporary)
        try:
            _serve(folder, temporary, host, port, open_browser=open_browser)
        finally:
            tempfile.tempdir = None


def _serve(folder: Path, temporary: Path, host: str, port: int, *, open_browser: bool) -> None:
    from aiohttp import web

    from CraNeXtLib.slicer_ui.browser_app.application import BrowserApplication

    token = new_token()
    arguments, sys.argv = sys.argv, sys.argv[:1]  # trame reads the arguments of the command line

    async def run() -> None:
        application = BrowserApplication(folder, temporary)

        async def exported(request: Any) -> web.StreamResponse:
            path = exported_file(application.export.folder, request.match_info["name"])
            return web.Response(status=404) if path is None else web.FileResponse(path)

        def bind(server: Any) -> None:
            server.app.middlewares.append(gate(token, port))
            server.app.router.add_get(ROUTE + "/{name:.+}", exported)

        def ready(**_state: Any) -> None:
            address = f"http://{host}:{port}/index.html?{TOKEN}={token}"
            print(f"CraNeXt is at {address}\nOne process is for one user. Ctrl-C ends it.", flush=True)
            if open_browser:
                webbrowser.open(address)

        application.server.controller.on_server_bind.add(bind)
        application.server.controller.on_server_ready.add(ready)
        try:
            await application.server.start(
                port=port,
                host=host,
                open_browser=False,
                show_connection_info=False,
                exec_mode="coroutine",
                timeout=0,
                thread=True,  # leaves the signals to the command
            )
        finally:
            application.close()

    try:
        asyncio.run(run())
    finally:
        sys.argv = arguments


def _free_port(host: str, port: int) -> int:
    """Return a port that can be listened on.

    Raises:
        InputError: If it is taken, or the address is not of this machine.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return probe.getsockname()[1]
    except OSError as error:
        raise InputError(f"Cannot listen on {host}:{port} ({error.strerror}); choose another --port.") from None
