#!/usr/bin/env python3
"""Measures the console's search box with texts of ten kinds, made from the registry itself.

  Benchmarks/search.py [--url http://127.0.0.1:8000] [--texts 30] [--seed 1] [--users 1]

TOKEN is a token of the console (`./pipeline.sh console user token NAME`), DATABASE_URL the registry. Each text is asked
once, by --users connections at the same time. The times are from the request to the last byte of the answer, in
milliseconds. The result is a table for docs/performance.md.
"""

import argparse
import http.client
import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
import urllib.parse

KINDS = [
    "BAN", "beginning of a BAN", "name", "beginning of a name", "part of a name", "address", "street and number",
    "industry", "industry and city", "part of a name and city",
]


def rows(count, seed):
    """Random businesses: BAN, name, address and an industry."""
    sql = f"""
        SELECT setseed({seed % 1000 / 1000});
        SELECT r.ban, r.business_name, r.business_address,
          (SELECT max(i.industry_name) FROM business_industry i WHERE i.business_id = r.ban)
        FROM tax_registration r TABLESAMPLE SYSTEM (2) REPEATABLE ({seed})
        WHERE length(r.business_name) > 4 AND length(r.business_address) > 12 ORDER BY random() LIMIT {count}"""
    result = subprocess.run(
        ["psql", "-XAtq", "-F", "\t", "-c", sql, os.environ["DATABASE_URL"]], check=True, capture_output=True, text=True)
    return [line.split("\t") for line in result.stdout.splitlines() if line.count("\t") == 3]


def text(kind, row, pick):
    ban, name, address, industry = row
    city = address[:3]
    street = address[3:]
    for end in "區鄉鎮市里村鄰":
        street = street.split(end, 1)[-1] if end in street[:8] else street
    return {
        "BAN": ban, "beginning of a BAN": ban[:pick.randint(3, 7)], "name": name,
        "beginning of a name": name[:pick.randint(2, 4)], "part of a name": name[1:1 + pick.randint(2, 3)],
        "address": address, "street and number": street, "industry": industry,
        "industry and city": f"{industry} {city}", "part of a name and city": f"{name[:pick.randint(2, 3)]} {city}",
    }[kind]


class Client(threading.Thread):
    def __init__(self, address, waiting, done):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.waiting, self.done = waiting, done

    def run(self):
        while True:
            try:
                kind, words = self.waiting.get_nowait()
            except queue.Empty:
                return
            path = "/api/registrations?" + urllib.parse.urlencode({"q": words})
            start = time.perf_counter()
            self.connection.request("GET", path, headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
            answer = self.connection.getresponse()
            body = answer.read()
            milliseconds = (time.perf_counter() - start) * 1000
            found = len(json.loads(body)["registrations"]) if answer.status == 200 else None
            self.done.append((kind, words, milliseconds, answer.status, found))


def share(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--texts", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=1)
    options = parser.parse_args()
    pick = random.Random(options.seed)
    found = rows(options.texts * len(KINDS), options.seed)
    texts = [(KINDS[number % len(KINDS)], text(KINDS[number % len(KINDS)], row, pick)) for number, row in enumerate(found)]
    texts = [(kind, words) for kind, words in texts if words and len(words) > 1]
    pick.shuffle(texts)
    waiting, done = queue.Queue(), []
    for each in texts:
        waiting.put(each)
    clients = [Client(urllib.parse.urlsplit(options.url), waiting, done) for _ in range(options.users)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if len(done) < len(texts) or any(status != 200 for _, _, _, status, _ in done):
        sys.exit(f"{len(texts) - len(done)} texts without an answer; "
                 f"{[each for each in done if each[3] != 200][:5]}")
    print(f"| kind | texts | median | 99th percentile | slowest |\n|---|---|---|---|---|")
    for kind in KINDS + ["all"]:
        times = [each[2] for each in done if kind in (each[0], "all")]
        slowest = max((each for each in done if kind in (each[0], "all")), key=lambda each: each[2])
        print(f"| {kind} | {len(times)} | {share(times, 0.5):.0f} ms | {share(times, 0.99):.0f} ms | {slowest[2]:.0f} ms: {slowest[1]} |")


main()
