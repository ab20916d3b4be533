"""Tests concurrent searches of many users. To run it against any console:

    CONSOLE_PASSWORD=… LOAD_SECONDS=60 python -m console.test_load http://127.0.0.1:8000 NAME

It sends requests as 50 users for that time, and prints the result as one line of JSON. After each answer a user waits
LOAD_PAUSE seconds on average, by default not at all. LOAD_USERS and SEED set other values.
"""

import asyncio
import html
import http.client
import json
import os
import pathlib
import random
import re
import sys
import time
import unittest
import urllib.parse

SECONDS = float(os.environ.get("LOAD_SECONDS") or 5)
PAUSE = float(os.environ.get("LOAD_PAUSE") or 0)
USERS = int(os.environ.get("LOAD_USERS") or 50)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))


def log_in(host, port, name, password):
    connection = http.client.HTTPConnection(host, port, timeout=60)
    form = urllib.parse.urlencode({"name": name, "password": password})
    connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 303:
        raise AssertionError(f"logging in: {answer.status}")
    return answer.headers["Set-Cookie"].split(";")[0]


def process(port):
    """Returns the ID of the local process that listens on the port, or None if it cannot be found."""
    sockets = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and int(words[1].split(":")[1], 16) == port:
            sockets.add(f"socket:[{words[9]}]")
    for link in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in sockets:
                return int(link.parts[2])
        except OSError:
            continue  # another user's process, or one that has ended
    return None


def resident(pid):
    """Returns the process's resident memory in bytes."""
    if pid is None:
        return None
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


class Connection:
    """A connection that stays open, like a browser's."""

    def __init__(self, host, port, cookie):
        self.host, self.port, self.cookie = host, port, cookie
        self.writer = None

    async def get(self, path):
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nCookie: {self.cookie}\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"\r\ncontent-length: (\d+)\r\n", head, re.IGNORECASE)
        body = await self.reader.readexactly(int(length[1]))
        return int(head.split(" ", 2)[1]), body.decode()

    def close(self):
        if self.writer:
            self.writer.close()
        self.writer = None


class Registry:
    """Search terms, collected from the registry's own pages."""

    def __init__(self):
        self.bans, self.names = [], []

    def learn(self, text):
        self.bans += re.findall(r'<td class="ban"[^>]*><a href="/registrations/(\d{8})">', text)
        self.names += map(html.unescape, re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]{2,})<', text))

    def question(self, dice):
        """Returns the path of a random request: a search by BAN, name, street or filters, or one business."""
        common = dice.choice(["有限公司", "商行", "小吃", "工程", "早餐"])
        street = dice.choice(["中正路", "信義區", "臺北市", "中山路１", "民生路二段"])
        ask = dice.choices([
            {"ban": dice.choice(self.bans)},
            {"ban": dice.choice(self.bans)[:dice.randint(2, 6)]},
            {"name": common},
            {"name": dice.choice(self.names)},
            {"name": "沒有這樣的名稱"},
            {"address": street},
            {"city": dice.choice(["臺北市", "高雄市", "南投縣"]), "sort": "capital", "order": "desc"},
            {"name": common, "sort": dice.choice(["name", "set_up"])},
            {"industry": dice.choice(["47", "561113", "4"]), "capital_min": "1000000", "sort": "set_up"},
            {"type": "獨資", "invoice": "no", "sort": "capital"},
            {"q": dice.choice(self.names)},
            {"q": f"{common} {dice.choice(['臺北市', '高雄市', '南投縣'])}"},
            {},
            None,
        ], [20, 8, 10, 12, 4, 8, 6, 4, 4, 3, 12, 3, 3, 18])[0]
        if ask is None:
            return "/registrations/" + dice.choice(self.bans)
        return "/registrations?" + urllib.parse.urlencode(ask)


class Load:
    def __init__(self, url, cookie, users=USERS, seed=SEED):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.cookie, self.users, self.seed = cookie, users, seed
        self.registry = Registry()
        self.times, self.errors = [], []

    def connection(self):
        return Connection(self.host, self.port, self.cookie)

    async def learn(self):
        connection = self.connection()
        for sort in ["ban", "name", "capital"]:
            path = f"/registrations?sort={sort}"
            for _ in range(4):
                _, text = await connection.get(path)
                self.registry.learn(text)
                path = self.next_page(text) or path
        connection.close()

    @staticmethod
    def next_page(text):
        found = re.search(r'<a href="([^"]+)" rel="next">', text)
        return found and html.unescape(found[1])

    async def user(self, number, end):
        dice = random.Random(f"{self.seed} {number}")
        connection = self.connection()
        text = ""
        while time.monotonic() < end:
            path = (dice.random() < 0.3 and self.next_page(text)) or self.registry.question(dice)
            begun = time.perf_counter()
            try:
                status, text = await connection.get(path)
                if status != 200 or not text.rstrip().endswith("</html>"):
                    self.errors.append(f"{status} {path}: {len(text)} characters")
                self.times.append(time.perf_counter() - begun)
                if PAUSE:
                    await asyncio.sleep(dice.expovariate(1 / PAUSE))
            except (OSError, EOFError, TypeError, ValueError) as error:
                self.errors.append(f"{path}: {error!r}")
                text = ""
                connection.close()
        connection.close()

    async def ask(self, seconds):
        end = time.monotonic() + seconds
        await asyncio.gather(*(self.user(f"{number} {end}", end) for number in range(self.users)))

    def run(self, seconds=SECONDS):
        """Runs the load, and returns the result."""
        asyncio.run(self.learn())
        pid = process(self.port)
        asyncio.run(self.ask(seconds / 2))
        before = resident(pid)
        asyncio.run(self.ask(seconds / 2))
        after = resident(pid)
        times = sorted(self.times) or [0]
        return {
            "users": self.users, "pause": PAUSE, "seconds": seconds, "requests": len(self.times), "errors": len(self.errors),
            "per_second": round(len(self.times) / seconds, 1), "median_ms": round(times[len(times) // 2] * 1000, 1),
            "p99_ms": round(times[len(times) * 99 // 100] * 1000, 1), "rss_before": before, "rss_after": after,
            "seed": self.seed,
        }


class LoadTests(unittest.TestCase):
    def test_many_concurrent_users(self):
        # Imported here, because the command line needs no project and no binaries.
        from .console_project import OPERATOR, PASSWORD, ConsoleProject

        office = ConsoleProject()
        self.addCleanup(office.close)
        office.run("run", "--sample", expect=0)
        office.add_accounts()
        office.start()
        load = Load(f"http://127.0.0.1:{office.port}", log_in("127.0.0.1", office.port, OPERATOR, PASSWORD))
        result = load.run()
        print(json.dumps(result), flush=True)
        self.assertEqual(load.errors, [])
        self.assertGreater(result["requests"], load.users)
        self.assertLessEqual(result["rss_after"], 1.3 * result["rss_before"] + 20e6)


if __name__ == "__main__":
    address = urllib.parse.urlsplit(sys.argv[1])
    session = log_in(address.hostname, address.port, sys.argv[2], os.environ["CONSOLE_PASSWORD"])
    by_hand = Load(sys.argv[1], session)
    print(json.dumps(by_hand.run()), flush=True)
    for line in by_hand.errors[:10]:
        print(line, file=sys.stderr)
    sys.exit(1 if by_hand.errors else 0)
