"""An OAuth 2.0 provider on loopback: a token endpoint over TLS, and who has which token.

It keeps to RFC 6749 (grants refresh_token and client_credentials) and RFC 7662 (introspection, for
Dovecot, in the clear), and fails in the ways that real ones and the networks before them do.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lab.certificates import make_certificates

CLIENT_ID = "the client/id"  # to be percent-encoded
CLIENT_SECRET = "s3cret&+=%~ of the client"
JSON = "application/json; charset=utf-8"


@dataclass
class Answer:
    """What the token endpoint says instead of a token."""

    status: int
    body: bytes = b"{}"
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def refusal(error: str, description: str = "", status: int = 400) -> Answer:
    """An error response, RFC 6749 section 5.2."""
    body = {"error": error, "error_description": description}
    return Answer(status, json.dumps(body).encode())


class TokenEndpoint:
    """A provider with one client and one user, whose refresh token is `refresh_token`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        certificates = make_certificates(folder)
        self.ca = certificates.ca
        self.user = ""
        self.refresh_token = "refresh-0"
        self.rotates = False
        self.lifetime: int | str | None = 3600
        self.scope = "imap"  # of the tokens
        self.answer: Answer | None = None  # instead of a token
        self.stalls = threading.Event()  # while set, no answer comes
        self.requests: list[dict[str, str]] = []  # forms that came
        self.other_paths: list[str] = []  # what was asked for beside the two endpoints
        self.tokens: dict[str, str] = {}  # that are good: whose they are
        self._closed = threading.Event()
        self._number = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        self._secure = self._server(context)
        self._plain = self._server(None)

    @property
    def url(self) -> str:
        return f"https://localhost:{self._secure.server_port}/token"

    @property
    def plain_url(self) -> str:
        return f"http://127.0.0.1:{self._plain.server_port}/token"

    @property
    def introspection(self) -> str:
        return f"http://127.0.0.1:{self._plain.server_port}/introspect"

    def reset(self, user: str) -> None:
        """As new, for the next test."""
        self.user = user
        self.refresh_token = "refresh-0"
        self.rotates = False
        self.lifetime = 3600
        self.scope = "imap"
        self.answer = None
        self.requests.clear()
        self.other_paths.clear()
        self.tokens.clear()

    def __enter__(self) -> TokenEndpoint:
        return self

    def __exit__(self, *_) -> None:
        self._closed.set()
        for server in (self._secure, self._plain):
            server.shutdown()
            server.server_close()

    def new_token(self) -> str:
        """A token of the user that is good."""
        self._number += 1
        token = f"access-{self._number}-{'x' * 1500}"  # as long as Microsoft's
        self.tokens[token] = self.user
        return token

    def grant(self, form: dict[str, str]) -> Answer:
        """The answer to a request for a token."""
        self.requests.append(form)
        while self.stalls.is_set() and not self._closed.wait(0.05):
            pass
        if self.answer:
            return self.answer
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return refusal("invalid_client", "Unauthorized", 401)
        body = {"token_type": "Bearer"}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != self.refresh_token:
                return refusal("invalid_grant", "Token has been expired or revoked.")
            if self.rotates:
                self.refresh_token = f"refresh-{len(self.requests)}"
                body["refresh_token"] = self.refresh_token
        elif form.get("grant_type") != "client_credentials":
            return refusal("unsupported_grant_type")
        body["access_token"] = self.new_token()
        if self.lifetime is not None:
            body["expires_in"] = self.lifetime
        return Answer(200, json.dumps(body).encode())

    def introspect(self, form: dict[str, str]) -> Answer:
        """Whose token it is."""
        user = self.tokens.get(form.get("token", ""))
        found = {"active": user is not None, "username": user, "scope": self.scope}
        return Answer(200, json.dumps(found if user else {"active": False}).encode())

    def _server(self, context: ssl.SSLContext | None) -> ThreadingHTTPServer:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
                if self.path == "/token":
                    self.send(endpoint.grant(form))
                elif self.path == "/introspect":
                    self.send(endpoint.introspect(form))
                else:
                    self.do_GET()

            def do_GET(self) -> None:
                endpoint.other_paths.append(self.path)
                self.send(Answer(404, b"nothing here", "text/plain"))

            def send(self, answer: Answer) -> None:
                with contextlib.suppress(OSError):  # who does not wait any more
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.content_type)
                    self.send_header("Content-Length", str(len(answer.body)))
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)

            def log_message(self, *_) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def get_request(self):
                connection, address = super().get_request()
                if context:
                    # The handshake is for the connection's own thread.
                    connection = context.wrap_socket(
                        connection, server_side=True, do_handshake_on_connect=False
                    )
                return connection, address

            def handle_error(self, *_) -> None:  # clients that do not trust us
                pass

        server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
