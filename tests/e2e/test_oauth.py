"""Logging in with OAuth 2.0 access tokens: a real Dovecot, and a provider that may fail."""

import stat
import time
from pathlib import Path

from e2e.case import Case, use_lab
from lab.dovecot import Dovecot
from lab.place import free_port
from lab.program import write_secret
from lab.token_endpoint import CLIENT_ID, CLIENT_SECRET, Answer, TokenEndpoint, refusal

start_lab, tearDownModule = use_lab()

EX_UNAVAILABLE, EX_TEMPORARY, EX_PROTOCOL, EX_PERMISSION, EX_CONFIG = 69, 75, 76, 77, 78

PROVIDER: TokenEndpoint
SERVER: Dovecot


def setUpModule() -> None:
    global PROVIDER, SERVER
    start_lab()
    PROVIDER = Case.lab.add(TokenEndpoint(Case.lab.place("provider")))
    place = Case.lab.place("dovecot-oauth2")
    SERVER = Case.lab.add(Dovecot(place, introspection=PROVIDER.introspection))


class OAuth(Case):
    """A mailbox that takes tokens, with three mails."""

    grant = "refresh_token"

    def setUp(self) -> None:
        super().setUp()
        self.provider, self.dovecot = PROVIDER, SERVER
        self.provider.reset(self.user)
        self.dovecot.add_user(self.user)
        self.secret = self.program.folder / "client.secret"
        self.refresh = self.program.folder / "refresh.token"
        self.state = self.program.folder / "state"
        write_secret(self.secret, CLIENT_SECRET)
        write_secret(self.refresh, "refresh-0")
        self.program.sections[""] = {"state_directory": str(self.state)}
        self.program.add_mailbox("bounces", self.dovecot, self.user)
        self.mailbox = self.program.mailboxes["bounces"]
        del self.mailbox["password_file"]
        self.mailbox |= {
            "oauth_grant": self.grant,
            "oauth_client_id": CLIENT_ID,
            "oauth_client_secret_file": str(self.secret),
            "oauth_token_endpoint": self.provider.url,
            "oauth_scope": "imap offline_access",
            "oauth_ca_file": str(self.provider.ca),
        }
        if self.grant == "refresh_token":
            self.mailbox["oauth_refresh_token_file"] = str(self.refresh)
        self.deliver(self.mixed(3))

    def fetch_fails(self, code: int, *words: str) -> str:
        """The one line with which a fetch ends; it gives no secret away and touches no mail."""
        output, errors = self.run_program("fetch", "-vv", code=code)
        self.assertEqual(output, "")
        last = errors.splitlines()[-1]
        for word in words:
            self.assertIn(word, last)
        self.assert_no_secret(errors)
        self.assertEqual(self.count(), 3)
        return last

    def assert_no_secret(self, text: str) -> None:
        for secret in (CLIENT_SECRET, "refresh-", "access-", "s3cret"):
            self.assertNotIn(secret, text)

    def assert_fetched(self) -> None:
        self.fetch()
        self.assert_folders(inbox=0, processed=3)

    def cached(self) -> Path:
        """The one file in which a token is kept."""
        (path,) = self.state.glob("token-*")
        return path

    def token(self) -> str:
        return self.cached().read_text().splitlines()[1]


class RefreshToken(OAuth):
    """The way with Google, and with Microsoft for a user."""

    def test_a_token_is_fetched_and_cached_for_the_next_run(self) -> None:
        self.assert_fetched()
        (form,) = self.provider.requests
        self.assertEqual(
            form,
            {
                "grant_type": "refresh_token",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "refresh_token": "refresh-0",
                "scope": "imap offline_access",
            },
        )
        self.assertEqual(stat.S_IMODE(self.cached().stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)
        self.deliver(self.mixed(2, seed=2))
        self.fetch()
        self.assertEqual(len(self.provider.requests), 1)
        self.assert_folders(inbox=0, processed=5)

    def test_no_line_of_the_log_holds_a_secret(self) -> None:
        _, errors = self.run_program("fetch", "-vv")
        self.assertIn("bounces <", errors)
        self.assert_no_secret(errors)

    def test_a_token_about_to_expire_is_not_begun_with(self) -> None:
        self.provider.lifetime = 30
        self.fetch()
        self.fetch()
        self.assertEqual(len(self.provider.requests), 2)

    def test_an_expired_token_is_replaced(self) -> None:
        self.fetch()
        ends, token = self.cached().read_text().splitlines()
        self.assertAlmostEqual(int(ends), time.time() + 3600, delta=300)
        write_secret(self.cached(), f"{int(time.time()) - 1}\n{token}")
        self.fetch()
        self.assertEqual(len(self.provider.requests), 2)
        self.assertNotEqual(self.token(), token)

    def test_a_cached_token_that_the_server_refuses_is_fetched_anew_once(self) -> None:
        self.fetch()
        self.provider.tokens.clear()
        self.fetch()
        self.assertEqual(len(self.provider.requests), 2)
        self.fetch()
        self.assertEqual(len(self.provider.requests), 2)

    def test_a_fresh_token_that_the_server_refuses_ends_the_run(self) -> None:
        self.provider.user = "somebody.else@news.example.com"
        self.fetch_fails(EX_PERMISSION, self.user)
        self.assertEqual(len(self.provider.requests), 1)

    def test_a_new_refresh_token_replaces_the_old_one_in_its_file(self) -> None:
        self.provider.rotates = True
        self.provider.lifetime = None
        for number in (1, 2, 3):
            self.fetch()
            self.assertEqual(self.refresh.read_text(), f"refresh-{number}\n")
            self.assertEqual(stat.S_IMODE(self.refresh.stat().st_mode), 0o600)
        self.assertEqual(self.provider.requests[-1]["refresh_token"], "refresh-2")

    def test_a_new_refresh_token_behind_a_link_leaves_the_link(self) -> None:
        kept = self.refresh.rename(self.refresh.with_suffix(".kept"))
        self.refresh.symlink_to(kept)
        self.provider.rotates = True
        self.fetch()
        self.assertTrue(self.refresh.is_symlink())
        self.assertEqual(kept.read_text(), "refresh-1\n")

    def test_a_refresh_token_that_cannot_be_kept_is_a_warning(self) -> None:
        self.provider.rotates = True
        (self.program.folder / "refresh.token.new").mkdir()
        _, errors = self.run_program("fetch")
        self.assertEqual(errors.count("\n"), 1)
        self.assertIn("new refresh token", errors)
        self.assert_no_secret(errors)
        self.assertEqual(self.refresh.read_text(), "refresh-0\n")
        self.assert_folders(inbox=0, processed=3)

    def test_a_cache_that_others_could_read_is_not_used(self) -> None:
        self.fetch()
        self.cached().chmod(0o640)
        self.fetch()
        self.assertEqual(len(self.provider.requests), 2)
        self.assertEqual(stat.S_IMODE(self.cached().stat().st_mode), 0o600)

    def test_a_damaged_cache_is_not_used(self) -> None:
        self.fetch()
        for damage in ("", "\n", "12", f"{2**70}\nx\n", f"{int(time.time()) + 999}\nhalf a"):
            with self.subTest(damage=damage):
                self.cached().write_text(damage)
                self.fetch()
                self.assertIn(self.token(), self.provider.tokens)
        self.assertEqual(len(self.provider.requests), 6)

    def test_a_state_directory_that_cannot_be_made_is_a_warning(self) -> None:
        self.program.sections[""]["state_directory"] = "/proc/nullsender"
        _, errors = self.run_program("fetch")
        self.assertIn("/proc/nullsender", errors)
        self.assertIn("state_directory", errors)
        self.assert_folders(inbox=0, processed=3)

    def test_of_runs_at_the_same_time_one_asks_for_a_token(self) -> None:
        self.provider.rotates = True
        self.program.mailboxes["second"] = self.mailbox
        self.provider.stalls.set()
        try:
            runs = [self.program.start("fetch", "-n", name) for name in ("bounces", "second")]
            self.wait_until(lambda: bool(self.provider.requests), "a request")
        finally:
            self.provider.stalls.clear()
        for run in runs:
            output, errors = run.communicate()
            self.assertEqual((run.returncode, errors), (0, ""), output)
        self.assertEqual(len(self.provider.requests), 1)
        self.assertEqual(self.refresh.read_text(), "refresh-1\n")

    def test_the_other_mechanism(self) -> None:
        for mechanism in ("xoauth2", "oauthbearer"):
            with self.subTest(mechanism=mechanism):
                settings = {"auth_mechanisms": f"plain {mechanism}"}
                place = self.lab.place(mechanism)
                server = Dovecot(place, settings, introspection=self.provider.introspection)
                with server:
                    server.add_user(self.user)
                    self.mailbox |= {"port": server.tls_port, "ca_file": str(server.ca)}
                    self.fetch()

    def test_a_server_that_takes_no_tokens(self) -> None:
        plain = self.lab.dovecot
        self.mailbox |= {"port": plain.tls_port, "ca_file": str(plain.ca)}
        self.fetch_fails(EX_UNAVAILABLE, "no login method", "XOAUTH2")


class ClientCredentials(OAuth):
    """The way with Microsoft 365 for an application."""

    grant = "client_credentials"

    def test_a_token_for_the_client_itself(self) -> None:
        self.assert_fetched()
        (form,) = self.provider.requests
        self.assertEqual(form["grant_type"], "client_credentials")
        self.assertNotIn("refresh_token", form)

    def test_the_tenant_is_part_of_the_endpoint(self) -> None:
        self.mailbox["oauth_token_endpoint"] = self.provider.url.replace("token", "{tenant}")
        self.mailbox["oauth_tenant"] = "token"
        self.assert_fetched()

    def test_a_wrong_client(self) -> None:
        write_secret(self.secret, "not the s3cret")
        self.fetch_fails(EX_CONFIG, "invalid_client", "oauth_client_id")

    def test_an_endpoint_that_quotes_the_secret(self) -> None:
        self.provider.answer = refusal("invalid_client", f"bad secret {CLIENT_SECRET}", 401)
        self.fetch_fails(EX_CONFIG, "invalid_client")


class Endpoint(OAuth):
    """Token endpoints that do not give a token."""

    def test_an_expired_refresh_token(self) -> None:
        write_secret(self.refresh, "refresh-old")
        self.fetch_fails(EX_PERMISSION, "expired or revoked", "authorise the app anew")

    def test_what_microsoft_says(self) -> None:
        description = (
            "AADSTS700082: The refresh token has expired due to inactivity.\r\nTrace ID: 12 "
        )
        self.provider.answer = refusal("invalid_grant", description)
        last = self.fetch_fails(EX_PERMISSION, "AADSTS700082", "90 days")
        self.assertNotIn("Trace ID", last)

    def test_a_busy_endpoint_is_for_the_next_run(self) -> None:
        for status in (408, 429, 500, 503):
            with self.subTest(status=status):
                self.provider.answer = Answer(status, headers={"Retry-After": "17"})
                self.fetch_fails(EX_TEMPORARY, str(status))

    def test_a_busy_endpoint_is_asked_again_when_it_says_so(self) -> None:
        self.mailbox["retries"] = 1
        self.provider.answer = Answer(429, headers={"Retry-After": "2"})
        run = self.program.start("fetch", "--verbose")
        self.wait_until(lambda: bool(self.provider.requests), "a request")
        self.provider.answer = None
        output, errors = run.communicate()
        self.assertEqual(run.returncode, 0, output)
        self.assertIn("trying again in 2 s", errors)
        self.assertEqual(len(self.provider.requests), 2)

    def test_answers_that_are_none(self) -> None:
        html = b"<html>Please accept the terms of this hotel</html>"
        token = b'{"access_token": "a b", "expires_in": 3600}'
        mac = b'{"access_token": "access-1", "token_type": "mac"}'
        for answer, code, words in (
            (Answer(200, html, "text/html"), EX_PROTOCOL, "text/html"),
            (Answer(404, html, "text/html"), EX_CONFIG, "404"),
            (Answer(200, b"[]"), EX_PROTOCOL, "JSON"),
            (Answer(200, b"{}"), EX_PROTOCOL, "access_token"),
            (Answer(200, token), EX_PROTOCOL, "access_token"),
            (Answer(200, mac), EX_PROTOCOL, "Bearer"),
            (Answer(200, b"x" * 1_000_000), EX_PROTOCOL, "octets"),
        ):
            with self.subTest(words=words, body=answer.body[:20]):
                self.provider.answer = answer
                self.fetch_fails(code, words)

    def test_a_redirect_is_not_followed(self) -> None:
        for status in (301, 302, 307, 308):
            with self.subTest(status=status):
                self.provider.answer = Answer(status, headers={"Location": "/elsewhere"})
                self.fetch_fails(EX_CONFIG, "/elsewhere", "oauth_token_endpoint")
        self.assertEqual(self.provider.other_paths, [])

    def test_an_endpoint_that_is_down(self) -> None:
        self.mailbox["oauth_token_endpoint"] = f"https://localhost:{free_port()}/token"
        self.fetch_fails(EX_TEMPORARY, "connect")

    def test_an_endpoint_that_does_not_answer(self) -> None:
        self.mailbox["timeout"] = 1
        self.provider.stalls.set()
        try:
            self.fetch_fails(EX_TEMPORARY, "token endpoint")
        finally:
            self.provider.stalls.clear()

    def test_a_certificate_that_does_not_verify(self) -> None:
        self.mailbox["oauth_ca_file"] = str(self.dovecot.ca)
        self.fetch_fails(EX_UNAVAILABLE, "certificate")
        self.assertEqual(self.provider.requests, [])

    def test_plain_http_is_for_loopback_only(self) -> None:
        self.mailbox["oauth_token_endpoint"] = "http://login.example.com/token"
        self.fetch_fails(EX_CONFIG, "https://")
        self.mailbox["oauth_token_endpoint"] = self.provider.plain_url
        self.assert_fetched()

    def test_secrets_that_others_can_read_are_refused(self) -> None:
        for path in (self.secret, self.refresh):
            with self.subTest(path=path.name):
                path.chmod(0o644)
                self.fetch_fails(EX_CONFIG, str(path), "chmod 600")
                path.chmod(0o600)


class TokenCommand(OAuth):
    """A helper of one's own."""

    def setUp(self) -> None:
        super().setUp()
        for key in [key for key in self.mailbox if key.startswith("oauth_")]:
            del self.mailbox[key]

    def test_its_first_line_is_the_token(self) -> None:
        file = self.program.folder / "token"
        write_secret(file, f"{self.provider.new_token()}\nand more")
        self.mailbox["token_command"] = f"cat '{file}'"
        self.assert_fetched()
        self.assertEqual(self.provider.requests, [])

    def test_one_that_fails(self) -> None:
        self.mailbox["token_command"] = "echo access-1; exit 3"
        _, errors = self.run_program("fetch", code=EX_CONFIG)
        self.assertIn("token_command", errors)
        self.assertIn("status 3", errors)
