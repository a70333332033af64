"""Drives a broker with the unmodified package `moustique-client`.

Argument: the port. It says on standard output when it wants the broker
restarted, and is told on standard input when that is done.
"""

import sys

import moustique
from moustique import Moustique

PORT = sys.argv[1]
UNICODE = "åäö € 😀 \n\t<b>&\"'"


def client(name):
    return Moustique("127.0.0.1", PORT, name)


def ask(what):
    print(what, flush=True)
    assert sys.stdin.readline() == "it is back\n"


assert moustique.__version__ == "0.1.1", moustique.__version__

# A subscriber with two filters that overlap, and a publisher.
heard = []


def hear(filter_):
    return lambda topic, message, sender: heard.append((filter_, topic, message, sender))


panel, sensor = client("panel"), client("sensor")
panel.subscribe("/home/+/temperature", hear("/home/+/temperature"))
panel.subscribe("/home/#", hear("/home/#"))
sensor.publish("/home/kitchen/temperature", "21.5")
sensor.publish("/home/door", UNICODE, "dörr")
sensor.publish("/garden/door", "nobody subscribed to this")
assert len(panel.pickup()) == 3
assert sorted(heard) == sorted([
    ("/home/+/temperature", "/home/kitchen/temperature", "21.5", "sensor"),
    ("/home/#", "/home/kitchen/temperature", "21.5", "sensor"),
    ("/home/#", "/home/door", UNICODE, "dörr"),
]), heard
assert panel.pickup() == []
# A call without any field tells no dialect: it is answered in the last one.
assert moustique.getversion("127.0.0.1", PORT)[0].isdigit()
print("publish, subscribe, pickup: ok")

# Values: set, read, replaced, never set; a published message is one too.
sensor.putval("/config/mode", UNICODE)
assert sensor.get_val("/config/mode") == UNICODE
sensor.putval("/config/mode", "day")
assert sensor.get_val("/config/mode") == "day"
assert panel.get_val("/home/door") == UNICODE
try:
    panel.get_val("/never/set")
    raise AssertionError("a value that was never set")
except Exception as error:
    assert "not found" in str(error), error
assert panel.pickup() == [], "putval notifies nobody"
print("putval, get_val: ok")

# What waits and what is set outlives the broker, stopped or killed.
for how in ("restart, please", "kill, please"):
    heard.clear()
    sensor.publish("/home/window", how)
    sensor.putval("/config/last", how)
    ask(how)
    assert sensor.get_val("/config/last") == how
    assert sensor.get_val("/config/mode") == "day"
    sensor.publish("/home/window", "and on")
    panel.pickup()
    assert heard == [
        ("/home/#", "/home/window", how, "sensor"),
        ("/home/#", "/home/window", "and on", "sensor"),
    ], heard
    assert panel.pickup() == []
    print(how.split(",")[0] + ": ok")

# A client that the broker does not know is asked to subscribe again.
stranger = client("stranger")
messages = stranger.pickup()
assert [m["message"] for m in messages] == ["resubscribe"], messages
print("resubscribe: ok")
