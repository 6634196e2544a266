"""Checks that Dockerfile, compose.yml and env/.env.template agree with each other and with the gateway's sources."""

import pathlib
import re
import sys

import yaml

root = pathlib.Path(sys.argv[1])
dockerfile = (root / "Dockerfile").read_text()
compose = yaml.safe_load((root / "compose.yml").read_text())
template = dict(re.findall(r"^(\w+)=(.*)$", (root / "env/.env.template").read_text(), re.M))
gateway_reads = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', (root / "gateway/config.cpp").read_text()))

stages = {}
for stage in re.split(r"^(?=FROM )", dockerfile, flags=re.M)[1:]:
    base, name = re.match(r"FROM (\S+) AS (\w+)", stage).groups()
    assert base == "debian:bookworm-slim", f"{name} is based on {base}"
    stages[name] = stage

for name in ("database", "redis", "gateway"):
    stage, service = stages[name], compose["services"][name]
    users = re.findall(r"^USER (\S+)", stage, re.M)
    assert users and users[-1] not in ("root", "0"), f"{name} runs as root"
    assert "\nHEALTHCHECK " in stage, f"{name} has no health check"
    assert service["build"]["target"] == name, f"service {name} is built from another target"
    assert service["env_file"] == "env/.env", f"service {name} does not read env/.env"
    assert "healthcheck" not in service, f"service {name} replaces its image's health check"

gateway = compose["services"]["gateway"]
assert set(gateway["depends_on"]) == {"database", "redis"}
assert all(need["condition"] == "service_healthy" for need in gateway["depends_on"].values())
assert gateway["environment"]["DB__HOST"] == "database" and gateway["environment"]["REDIS__HOST"] == "redis"
assert all(port.startswith("127.0.0.1:") for port in gateway["ports"]), "the gateway is published beyond this machine"
assert "ports" not in compose["services"]["database"] and "ports" not in compose["services"]["redis"]
volumes = [volume.split(":")[0] for volume in compose["services"]["database"]["volumes"]]
assert volumes == list(compose["volumes"]), "the database's volume is not declared"

assert set(template) == gateway_reads, f"template and gateway differ in {set(template) ^ gateway_reads}"
