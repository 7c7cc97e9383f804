#!/usr/bin/env python3
"""Stands for the shop: one operation, answered with the status that the file `answer` says."""

import http.server
import json
import pathlib
import sys

STATUS = int(pathlib.Path("answer").read_text(encoding="utf-8"))
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "a service", "version": "1"},
    "paths": {
        "/v1/things": {
            "get": {
                "parameters": [{"name": "word", "in": "query", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "the things",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        }
    },
}
METRICS = """\
# HELP http_server_request_duration_seconds How long requests take.
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_route="/v1/things",le="+Inf"} 1
http_server_request_duration_seconds_count{http_route="/v1/things"} 1
http_server_request_duration_seconds_sum{http_route="/v1/things"} 0.1
# EOF
"""


class Service(http.server.BaseHTTPRequestHandler):
    """The document, the metrics, the operation, and 405 for every other method."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, kind: str, text: str) -> None:
        """Sends a whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 405:
            self.send_header("Allow", "GET")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Every path that there is."""
        match self.path.split("?")[0]:
            case "/openapi.json":
                self.answer(200, "application/json", json.dumps(DOCUMENT))
            case "/metrics":
                self.answer(200, "application/openmetrics-text", METRICS)
            case _:
                self.answer(STATUS, "application/json", "{}")

    def refuse(self) -> None:
        """Every other method."""
        self.answer(405, "application/json", "{}")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_QUERY = refuse

    def log_message(self, *_: object) -> None:
        """Says nothing."""


if sys.argv[1] == "serve" and "--help" not in sys.argv:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    print(f"document http://127.0.0.1:{server.server_port}/openapi.json", flush=True)
    print("key nobody\nready", flush=True)
    server.serve_forever()
