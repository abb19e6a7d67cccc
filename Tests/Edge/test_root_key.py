"""The root key is replaced: nothing that it sealed or hashed is lost, wherever the command is killed."""

import pathlib
import random
import re
import signal
import subprocess
import uuid

import pytest
from conftest import COMMAND_TIMEOUT, environment, program, sets, wait_for
from signing import Signer, send

KILLS = 12


def rotate(suite, *words):
    done = subprocess.run(
        [program(), "keys", "root", "--rotate", *words, *sets(suite.settings)], capture_output=True, text=True,
        timeout=COMMAND_TIMEOUT, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def restart(suite):
    process = suite.process("suite")
    process.stop()
    process.start()
    suite.wait()


class Kept:
    """What was made before a rotation and has to work after it."""

    def __init__(self, suite):
        self.suite = suite
        self.request = {"displayName": "once"}
        self.once = {"Idempotency-Key": str(uuid.uuid4())}
        first = suite.admin_call("POST", "/api/v1/api-keys", self.request, headers=self.once)
        assert first.status == 200, first
        self.reply, self.signer = first.json, Signer(first.json)
        # Enough that a kill may well come in between.
        self.others = [suite.make_key(usable=False) for _ in range(30)]
        user = suite.make_user()
        self.tokens = suite.log_in(user["email"], user["password"]).json
        self.me = {"email": user["email"], "password": user["password"]}

    def check(self):
        suite = self.suite
        assert suite.admin_call("GET", "/api/v1/me").status == 200
        wait_for(lambda: send(self.signer.prepare(suite.url(), "GET", "/api/v1/me")).status == 200,
                 "a signing secret is lost", 10)
        for made in (self.reply, *self.others[:3]):
            assert suite.call("GET", "/api/v1/me", key=made["secret"]).status == 200
        signer = Signer(self.others[-1])
        assert send(signer.prepare(suite.url(), "GET", "/api/v1/me")).status == 200
        # The refresh token is known by its hash, the access token's key by its seal.
        fresh = suite.call("POST", "/api/v1/sessions:refresh", {"refreshToken": self.tokens["refreshToken"]})
        assert fresh.status == 200, fresh
        self.tokens = fresh.json
        assert suite.call("GET", "/api/v1/me", key=fresh.json["accessToken"]).status == 200
        assert suite.log_in(**self.me).status == 200
        # The request that gave a secret is known again, and its sealed reply opens.
        again = suite.admin_call("POST", "/api/v1/api-keys", self.request, headers=self.once)
        assert again.status == 200 and again.json == self.reply, again
        # What is made now lasts, too.
        made = suite.make_key()
        assert suite.call("GET", "/api/v1/me", key=made["secret"]).status == 200


def root_keys(suite):
    text = (pathlib.Path(suite.folder) / "keys/root.key").read_text()
    return re.findall(r"^datavault-(root|next-root|former-root)-key-v1:(\S+)$", text, re.MULTILINE)


def test_step_by_step_while_the_suite_runs(own_edge):
    suite = own_edge()
    kept = Kept(suite)
    ((_, old),) = root_keys(suite)
    assert rotate(suite).startswith("1 of 3")
    assert [name for name, _ in root_keys(suite)] == ["root", "next-root"]
    restart(suite)
    kept.check()
    assert rotate(suite).startswith("2 of 3")
    restart(suite)
    kept.check()
    told = rotate(suite)
    assert "3 of 3" in told and re.search(r"identity: [1-9]\d* sealed anew", told), told
    assert re.search(r"compliance: [1-9]\d* sealed anew", told), told
    kept.check()
    ((_, new),) = root_keys(suite)
    assert new != old and old not in (pathlib.Path(suite.folder) / "keys/root.key").read_text()
    restart(suite)
    kept.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_command_that_is_killed_is_gone_on_with(own_edge, seed):
    suite = own_edge()
    kept = Kept(suite)
    chance = random.Random(seed)
    suite.process("suite").stop()
    ((_, old),) = root_keys(suite)
    words = [program(), "keys", "root", "--rotate", "--stopped", *sets(suite.settings)]
    for _ in range(KILLS):
        one = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        try:
            # One that was through before it was killed has rotated once more, which is as good.
            one.wait(chance.uniform(0, 0.6))
        except subprocess.TimeoutExpired:
            one.send_signal(signal.SIGKILL)
            one.wait()
    while [name for name, _ in root_keys(suite)] != ["root"]:
        assert "3 of 3" in rotate(suite, "--stopped")
    assert "3 of 3" in rotate(suite, "--stopped")
    assert root_keys(suite)[0][1] != old
    suite.process("suite").start()
    suite.wait()
    kept.check()


def test_the_former_key_alone_is_refused(own_edge):
    suite = own_edge()
    file = pathlib.Path(suite.folder) / "keys/root.key"
    former = file.read_text()
    suite.process("suite").stop()
    rotate(suite, "--stopped")
    file.write_text(former)
    process = suite.process("suite")
    process.start()
    wait_for(lambda: "is not the one that this store's secrets are sealed with" in process.text, "nothing is said", 30)
