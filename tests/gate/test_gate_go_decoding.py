"""The model of the engine's JSON decoding, checked on the engine itself with bodies that no gate has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.host.temporary import EngineHost
from tests.gate.support import on_engine
from tests.gate.world import RawEngine
from tests.guard.godecode import go_decode

pytestmark = pytest.mark.engine

BODIES = [
    '{"Image":"$I"}',
    '{"Image":"$I","HostConfig":null,"NetworkingConfig":null}',
    '{"Image":"$I","Memory":67108864,"CapAdd":["SYS_ADMIN"],"Binds":["/:/h"],"OomScoreAdj":-500}',
    '{"Image":"$I","Memory":67108864,"CapAdd":["SYS_ADMIN"],"HostConfig":{}}',
    '{"Image":"$I","Memory":67108864,"CpuShares":77,"CpusetCpus":"0","HostConfig":{"CpuShares":99}}',
    '{"Image":"$I","MemorySwap":-1,"HostConfig":{"Memory":67108864}}',
    '{"Image":"$I","Ho\\u017ftConfig":{"CapAdd":["SYS_ADMIN"]}}',
    '{"Image":"$I","HoſtConfig":{"Bindſ":["/:/h"]}}',
    '{"Image":"$I","HostConfig":{"Networ\\u212aMode":"none"}}',
    '{"Image":"$I","HostConfig":{"NetworKMode":"none"}}',
    '{"Image":"$I","\\u0048ostConfig":{"CGROUPPARENT":"/x"}}',
    '{"image":"$I","hostconfig":{"capadd":["MKNOD"]}}',
    '{"Image":"$I","HostConfig":{"CapAdd":["SYS_ADMIN"]},"HostConfig":{"Memory":67108864}}',
    '{"Image":"$I","HostConfig":{"CapAdd":["SYS_ADMIN"],"capadd":null}}',
    '{"Image":"$I","HostConfig":{"CapAdd":["SYS_ADMIN"],"CapAdd":["MKNOD"]}}',
    '{"Image":"$I","HostConfig":{"OomScoreAdj":-500,"OomScoreAdj":null}}',
    '{"Image":"$I","HostConfig":{"Sysctls":{"net.a":"1"},"sysctls":{"net.b":"2"}}}',
    '{"Image":"$I","HostConfig":{"Sysctls":{"net.a":"1"},"Sysctls":null}}',
    '{"Image":"$I","HostConfig":{"RestartPolicy":{"Name":"on-failure"},"restartpolicy":{"MaximumRetryCount":7}}}',
    '{"Image":"$I","Labels":{"a":"1"},"labels":{"A":"2"},"Env":["A=b"]}',
    '{"Image":"$I","HostConfig":{"CapAdd":["SYS_ADMIN"]},"HostConfig":null}',
    '{"Image":"$I","HostConfig":{"Memory":67108864}} {"Image":"evil","HostConfig":{"CapAdd":["SYS_ADMIN"]}}',
    '{"Image":"$I","HostConfig":{"LogConfig":{"Type":"local","Config":{"max-size":"1m","max-file":"2"}},"Logconfig":{"config":{}}}}',
]
SEEN_HOST = ("CapAdd", "Binds", "Memory", "CpuShares", "CpusetCpus", "OomScoreAdj", "CgroupParent", "Sysctls")
ZERO = (None, 0, "", [], {})


@pytest.fixture(scope="module")
def engine(engine_host: EngineHost) -> Iterator[RawEngine]:
    on_engine(engine_host.socket, "pull", "--quiet", "diamol/base")
    yield RawEngine(engine_host.socket)


@pytest.mark.parametrize("body", BODIES)
def test_the_engine_takes_a_body_as_the_model_does(engine: RawEngine, body: str) -> None:
    """Folding, merging, null, trailing bytes, and the HostConfig at the top level."""
    data = body.replace("$I", "diamol/base").encode()
    config, host = go_decode(data)
    status, made = engine.ask("POST", "/v1.41/containers/create", data)
    assert status == 201, made
    try:
        item = engine.get(f"/v1.41/containers/{made['Id']}/json")
    finally:
        engine.ask("DELETE", f"/v1.41/containers/{made['Id']}?force=1")
    found = {key: item["HostConfig"].get(key) for key in SEEN_HOST}
    assert _set(found) == _set({key: host.get(key) for key in SEEN_HOST})
    assert item["HostConfig"]["NetworkMode"] == (host.get("NetworkMode") or "default")
    policy = {"Name": "", "MaximumRetryCount": 0} | (host.get("RestartPolicy") or {})
    assert item["HostConfig"]["RestartPolicy"] == {
        **policy,
        "Name": policy["Name"] or item["HostConfig"]["RestartPolicy"]["Name"],
    }
    assert (item["Config"]["Labels"] or {}) == (config.get("Labels") or {})
    assert "LogConfig" not in host or item["HostConfig"]["LogConfig"] == host["LogConfig"]
    assert [word for word in item["Config"]["Env"] or () if word.startswith("A=")] == (config.get("Env") or [])


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in ZERO}
