"""Follows a topic as one kind of client does, through every loss of the
connection, and prints what it reads until it has read enough."""

import json
import subprocess
import sys
import time

import httpx
from httpx_sse import connect_sse

PAUSE = 0.05
BROKEN = (httpx.TransportError,)


def curl(url, enough):
    """Server-sent events, read line by line from the program."""
    last = None
    while True:
        head = [] if last is None else ["-H", f"Last-Event-ID: {last}"]
        line = ["curl", "-sN", *head, url]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as program:
            event = {}
            for text in program.stdout:
                name, _, value = text.rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                    continue
                if "id" in event:
                    if last is None:
                        print("ready", flush=True)
                    last = event["id"]
                if "event" in event:
                    sys.exit(f"an event {event}")
                if "data" in event and enough(event["data"]):
                    program.kill()
                    return
                event = {}
        time.sleep(PAUSE)


def library(url, enough):
    """Server-sent events, read by a library that knows the format."""
    last = None
    while True:
        head = {} if last is None else {"Last-Event-ID": last}
        try:
            with httpx.Client(timeout=30) as client:
                with connect_sse(client, "GET", url, headers=head) as source:
                    if last is None:
                        # The stream stands when its head is there.
                        source.response.raise_for_status()
                        print("ready", flush=True)
                        last = "0"
                    for event in source.iter_sse():
                        last = event.id
                        if event.event != "message":
                            sys.exit(f"an event {event}")
                        if event.data and enough(event.data):
                            return
        except BROKEN:
            pass
        time.sleep(PAUSE)


def lines(url, enough):
    """A message a line; where to go on is told with `since`."""
    since = None
    head = {"Accept": "application/x-ndjson"}
    while True:
        more = "" if since is None else f"&since={since}"
        try:
            with httpx.Client(timeout=30) as client:
                with client.stream("GET", url + more, headers=head) as response:
                    response.raise_for_status()
                    if since is None:
                        print("ready", flush=True)
                        since = 0
                    for line in response.iter_lines():
                        if not line:
                            continue
                        message = json.loads(line)
                        if "id" not in message:
                            sys.exit(f"a line {line}")
                        since = message["id"]
                        if enough(line):
                            return
        except BROKEN:
            pass
        time.sleep(PAUSE)


def main():
    kind, port, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seen = 0

    def enough(data):
        nonlocal seen
        print(json.loads(data)["message"], flush=True)
        seen += 1
        return seen == wanted

    follow = {"curl": curl, "httpx-sse": library, "ndjson": lines}[kind]
    follow(f"http://127.0.0.1:{port}/v1/stream?filter=/t", enough)


main()
