"""The one question: may this lab make this call, and what does the engine get to see of it?"""

from __future__ import annotations

from bot.guard.call import Call, not_found
from bot.guard.facts import Facts, Missing
from bot.guard.owner import Owner
from bot.guard.routes import find_route
from bot.guard.verdict import Knowledge, Need, Refused, Verdict


def decide(call: Call, owner: Owner, known: Knowledge) -> Verdict:
    """The verdict on `call`, given what is `known` of the engine; `Need` when that is not enough. Never raises."""
    found = find_route(call.method, call.path)
    if found is None:
        return not_found().verdict
    route, reference = found
    try:
        if route.body == "none" and call.body:
            raise Refused(400, "body-not-expected", "this request takes no body")
        if route.body == "json" and call.content_type != "application/json" and route.decision != "D":
            shown = call.content_type[:60]
            raise Refused(400, "content-type", f"Content-Type specified ({shown}) must be 'application/json'")
        return route.handler(call, owner, Facts(owner, known), reference)
    except Refused as refusal:
        return refusal.verdict
    except Missing as missing:
        return Need(missing.questions)
