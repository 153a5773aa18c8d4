#!/usr/bin/env python3
"""A step type for nsnet: sets the MTU of a link, and puts the old one back.

Reads one request a line from stdin, writes one answer a line to stdout. It changes nothing by itself: it says
which commands look, what their answers mean, and which commands change what. nsnet runs them.
"""
import json
import sys

MTU = {
    "type": "mtu",
    "summary": "Sets the MTU of a link.",
    # what a workflow writes in "with"; nsnet checks it, and tells mistakes with their line and column
    "input": {
        "type": "object",
        "properties": {
            "netns": {"type": "string", "description": "netns of the link; the host without it"},
            "link": {"type": "string", "pattern": "^[^/ ]{1,15}$", "description": "name of the link"},
            "mtu": {"type": "integer", "minimum": 68, "maximum": 65535, "description": "MTU in bytes"},
        },
        "required": ["link", "mtu"],
        "additionalProperties": False,
    },
    # which of the requests that may be left out it answers, too
    "also": ["changes", "drift", "outcome"],
    "outputs": {"mtu": "MTU of the link, in bytes"},
}


def ip(netns, *words):
    """A command of ip(8): a list of words, never a line for a shell. nsnet reads the netns from `ip -n`."""
    return {"argv": ["ip", *(["-n", netns] if netns else []), *words]}


def resources(input):
    """Keys of what the step makes ("creates"), needs ("uses") and changes in place ("shares")."""
    netns = input.get("netns")
    link = f"link:{netns or 'host'}/{input['link']}"
    return {"uses": ([f"netns:{netns}"] if netns else []) + [link], "shares": [f"{link}/mtu"]}


def probe(input, context):
    """A command that looks. It lists, so that a link that is absent is no failure."""
    return ip(input.get("netns"), "-json", "link", "show")


def observe(outputs, input, context):
    """What is there: all that applying the step changes. In a netns that is not there, commands print nothing."""
    links = json.loads(outputs[0]["stdout"] or "[]")
    return {"mtu": next((link["mtu"] for link in links if link["ifname"] == input["link"]), None)}


def plan(input, observed, context):
    """What to do, and how to take it back; nothing when it holds; or what is in the way."""
    if observed["mtu"] is None:
        return {"conflict": f"there is no link {input['link']}", "hint": "add a step that makes it before this one"}
    if observed["mtu"] == input["mtu"]:
        return {"apply": [], "undo": []}
    return {"apply": [set_mtu(input, input["mtu"])], "undo": [set_mtu(input, observed["mtu"])]}


def set_mtu(input, mtu):
    return ip(input.get("netns"), "link", "set", "dev", input["link"], "mtu", str(mtu))


def outputs(state, input):
    """What later steps read as steps.ID.outputs.NAME."""
    return {"mtu": state["mtu"]}


def changes(input, observed):
    """What `nsnet plan` shows as old → new."""
    return [{"what": f"{input['link']} mtu", "from": str(observed["mtu"]), "to": str(input["mtu"])}]


def drift(input, after, now, context):
    """What others did to it since; None when nothing that matters."""
    if now["mtu"] in (None, input["mtu"]):
        return None
    return f"its mtu is {now['mtu']}"


def outcome(input, before, context):
    """What observe gives once the step is applied: so nsnet can apply it together with others."""
    return {"mtu": input["mtu"]}


ANSWERS = {
    "schema": lambda: {"protocol": 1, "steps": [MTU]},
    **{each.__name__: each for each in (resources, probe, observe, plan, outputs, changes, drift, outcome)},
}


def answer(request):
    """Calls the function that is asked for, with what the request says beside that."""
    ask = request.pop("ask")
    for name in ("nsnet", "type"):
        request.pop(name, None)
    return ANSWERS[ask](**request)


for line in sys.stdin:
    try:
        print(json.dumps({"answer": answer(json.loads(line))}), flush=True)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
