"""Two labs and any sequence of commands on an engine in memory: each lab is what its own commands made it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.guard import Owner, decide
from bot.guard import facts as ask
from bot.guard.call import read_call
from bot.guard.verdict import Answer, Forward, Need, Question, Refuse, Refused, Several, Upstream, Verdict
from bot.identity import LabId
from tests.guard.fuzzing import examples
from tests.guard.lab import IMAGE, image

IMAGES = frozenset({"diamol/base:latest"})
LABS = {name: Owner(LabId(name * 10), name * 64, f"/dosirak/{name * 10}", IMAGES) for name in "ab"}
lab_names, names = st.sampled_from("ab"), st.sampled_from(["web", "db", "lab-aaaaaaaaaa.web", "lab-bbbbbbbbbb.db"])


class TwoLabs(RuleBasedStateMachine):
    """`engine` is what the engine would hold; `wanted` is what each lab's own commands should have made."""

    @initialize()
    def begin(self) -> None:
        self.engine: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, str]] = {}
        self.wanted: dict[str, dict[str, str]] = {"a": {}, "b": {}}
        self.made = 0

    def ask(self, lab: str, method: str, target: str, body: Any = None) -> Verdict:
        """The verdict, with every fact from the engine in memory, carried out there."""
        data = b"" if body is None else json.dumps(body).encode()
        try:
            call = read_call(method, target, data, "application/json" if body is not None else "")
        except Refused as refusal:
            return refusal.verdict
        known: dict[Question, Any] = {}
        while isinstance(verdict := decide(call, LABS[lab], known), Need):
            known |= {question: self.fact(lab, question) for question in verdict.questions}
        for request in (verdict.request,) if isinstance(verdict, Forward) else getattr(verdict, "requests", ()):
            self.carry_out(request)
        return verdict

    def fact(self, lab: str, question: Question) -> Any:
        """Everything, of both labs: a filter that did nothing would show."""
        owner = LABS[lab]
        if question.request is not None and question.request.path == "/containers/json":
            return list(self.engine.values())
        answers: dict[Question, Any] = {
            ask.SHELF: IMAGES,
            ask.IMAGES: [image(IMAGE, "diamol/base:latest")],
            ask.networks(owner): [
                {"Id": each.network, "Name": f"lab-{each.lab}", "Labels": {}} for each in LABS.values()
            ],
            ask.volumes(owner): {"Volumes": [{"Name": name, "Labels": own} for name, own in self.volumes.items()]},
            ask.image(IMAGE): {"Config": {}},
        }
        return answers[question]

    def carry_out(self, request: Upstream) -> None:
        _, kind, *rest = request.path.split("/")
        query = dict(request.query)
        if request.path == "/containers/create":
            self.made += 1
            identity = f"{self.made * 7919:064x}"
            assert not any(item["Names"] == ["/" + query["name"]] for item in self.engine.values())
            labels, mounts = request.body["Labels"], request.body["HostConfig"]["Mounts"]
            item = {"Names": ["/" + query["name"]], "Labels": labels, "State": "created", "Mounts": []}
            self.engine[identity] = item | {"Id": identity}
            self.volumes |= {mount["Source"]: mount["VolumeOptions"]["Labels"] for mount in mounts}
        elif kind == "containers" and request.method == "DELETE":
            del self.engine[rest[0]]
        elif kind == "containers" and rest[1:] == ["rename"]:
            self.engine[rest[0]]["Names"] = ["/" + query["name"]]
        elif kind == "volumes":
            del self.volumes[rest[0]]

    @rule(lab=lab_names, name=names, volume=st.sampled_from(["data", "lab-bbbbbbbbbb.data"]))
    def create(self, lab: str, name: str, volume: str) -> None:
        body = {"Image": "diamol/base", "HostConfig": {"Binds": [f"{volume}:/data"]}}
        verdict = self.ask(lab, "POST", f"/containers/create?name={name}", body)
        room = len(self.wanted[lab]) < LABS[lab].limits.containers
        assert isinstance(verdict, Forward) is (name not in self.wanted[lab] and room)
        if isinstance(verdict, Forward):
            self.wanted[lab][name] = list(self.engine)[-1]

    @rule(lab=lab_names, name=names)
    def remove(self, lab: str, name: str) -> None:
        verdict = self.ask(lab, "DELETE", f"/containers/{name}?force=1&v=1")
        assert isinstance(verdict, Forward) is (self.wanted[lab].pop(name, None) is not None)

    @rule(lab=lab_names, name=names, new=names)
    def rename(self, lab: str, name: str, new: str) -> None:
        own = self.wanted[lab]
        verdict = self.ask(lab, "POST", f"/containers/{name}/rename?name={new}")
        assert isinstance(verdict, Forward) is (name in own and new not in own)
        if isinstance(verdict, Forward):
            own[new] = own.pop(name)

    @rule(lab=lab_names, data=st.data())
    def reach_for_the_other(self, lab: str, data: st.DataObject) -> None:
        """By a whole id or a beginning of it that is not also the lab's own."""
        other = "b" if lab == "a" else "a"
        for identity in self.wanted[other].values():
            text = identity[: data.draw(st.integers(60, 64))]
            if not any(own.startswith(text) for own in self.wanted[lab].values()):
                for method, path in (("DELETE", "?force=1"), ("GET", "/json"), ("POST", "/start"), ("POST", "/kill")):
                    verdict = self.ask(lab, method, f"/containers/{text}{path}")
                    assert isinstance(verdict, Refuse) and verdict.status == 404

    @rule(lab=lab_names)
    def prune(self, lab: str) -> None:
        assert isinstance(self.ask(lab, "POST", "/containers/prune"), Several)
        self.wanted[lab].clear()
        assert isinstance(self.ask(lab, "POST", "/volumes/prune"), Several)

    @invariant()
    def each_lab_is_what_its_commands_made_it(self) -> None:
        if not hasattr(self, "engine"):
            return
        for lab, own in self.wanted.items():
            held = {key for key, item in self.engine.items() if item["Labels"]["dosirak.lab"] == LABS[lab].lab}
            assert held == set(own.values())
            usage = self.ask(lab, "GET", "/volumes")
            assert isinstance(usage, Answer)
            mine = [name for name, labels in self.volumes.items() if labels["dosirak.lab"] == LABS[lab].lab]
            assert len(json.loads(usage.body)["Volumes"]) == len(mine)


TestTwoLabs = TwoLabs.TestCase
TestTwoLabs.settings = examples(60, stateful_step_count=30)
