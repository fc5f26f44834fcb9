"""The page's files from their folder, without the product: for tests of what the page does by itself."""

import contextlib
import pathlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

WEB = pathlib.Path(__file__).resolve().parents[1]


class Files(SimpleHTTPRequestHandler):
    """The page's files, as they lie in the folder."""

    def __init__(self, *args):
        super().__init__(*args, directory=str(WEB))

    extensions_map = {".js": "text/javascript", ".html": "text/html"}

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def serve():
    """The address of a server of these files, for as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
