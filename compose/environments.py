#!/usr/bin/env python3
"""Writes the templates of environments/ from what `datavault config reference` knows: every setting, one file each.

Usage: compose/environments.py [--datavault PROGRAM] [--out FOLDER]

A setting that an environment changes stands there with its value; every other one stands there commented out with its
default. Roles that the program does not have yet get the settings that all roles share.
"""
import argparse
import json
import pathlib
import subprocess

ROLES = ["identity", "scrape", "pipeline", "compliance", "gateway"]
# What compose.yaml gives each role's container by itself: paths of secrets, which others do not have.
GIVEN = ["tls.ca-file", "tls.certificate-file", "tls.key-file", "store.url", "store.migration-url", "store.runtime-role",
         "root-key-file", "redis"]
SHARED = ("listen", "admin.", "tls.", "store.")

ABOUT = {
    "development": "Development: on one's own machine. Readable logs, every call and every trace kept.",
    "testing": "Testing: short-lived and under load. Small pools and short times, so that bounds are met.",
    "staging": "Staging: as production, and more talkative.",
    "production": "Production.",
}
VALUES = {
    "development": {
        "log.level": "debug", "log.format": "console", "log.calls": "all", "shutdown.grace": "2s",
        "store.pool-size": "4",
    },
    "testing": {
        "log.level": "info", "log.format": "json", "log.calls": "failed", "shutdown.grace": "5s", "store.pool-size": "4",
        "store.maximum-waiters": "64", "store.acquire-timeout": "2s", "store.statement-timeout": "10s",
        "tracing.sampled-ratio": "0.1",
    },
    "staging": {
        "log.level": "info", "log.format": "json", "log.calls": "all", "shutdown.delay": "5s",
        "tracing.sampled-ratio": "1.0", "store.pool-size": "8",
    },
    "production": {
        "log.level": "notice", "log.format": "json", "log.calls": "failed", "shutdown.delay": "10s",
        "tracing.sampled-ratio": "0.05", "tracing.compressed": "true", "store.pool-size": "16",
    },
}
# In a container of its own each role has the same ports, which others reach.
EVERYWHERE = {"data.folder": "/var/lib/datavault", "listen": "0.0.0.0:7400", "admin.listen": "0.0.0.0:7500"}


def role_of(name, known):
    return next((role for role in known if name.startswith(f"{role}.")), None)


def reference(program):
    """The program's settings, with the five roles' in place of those that are not of the suite."""
    command = [program, "config", "reference", "--format", "json"]
    entries = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # The first part of a name is a role's if a setting says where it listens.
    present = [entry["name"].split(".")[0] for entry in entries if entry["name"].endswith(".admin.listen")]
    common = [entry for entry in entries if not role_of(entry["name"], present)]
    # What a role will have that is not there yet: the settings of one that keeps something.
    keeping = next(entry["name"].split(".")[0] for entry in entries if entry["name"].endswith(".store.url"))
    for role in ROLES:
        model = role if role in present else keeping
        for entry in entries:
            if role_of(entry["name"], present) != model:
                continue
            suffix = entry["name"].removeprefix(f"{model}.")
            if role != model and not suffix.startswith(SHARED):
                continue
            summary = entry["summary"].replace(f"`{model}.", f"`{role}.").replace(f"`keys/{model}", f"`keys/{role}")
            common.append(entry | {
                "name": f"{role}.{suffix}", "section": f"Role {role}", "summary": summary,
                "default": entry["default"] if role == model else "" if "listen" in suffix else entry["default"],
                "environment": f"DATAVAULT_{role.upper()}_" + suffix.upper().replace(".", "_").replace("-", "_"),
            })
    return common


def template(environment, entries):
    values = EVERYWHERE | VALUES[environment]
    lines = [f"# {ABOUT[environment]}", "# Made by compose/environments.py. Change that, or copy this to a place of your own."]
    section = None
    for entry in entries:
        if entry["section"] != section:
            section = entry["section"]
            lines += ["", f"# {section}"]
        role = role_of(entry["name"], ROLES)
        suffix = entry["name"].removeprefix(f"{role}.") if role else entry["name"]
        lines.append("")
        if role and suffix in GIVEN:
            lines += ["# Given to the role's own container by compose.yaml.", f"#{entry['environment']}="]
        elif entry["secret"]:
            lines += [f"# {entry['summary']} Secret: the path of a file.", f"#{entry['environment']}_FILE="]
        elif role and suffix.removeprefix("peers.") in ROLES:
            lines += [f"# {entry['summary']}", f"{entry['environment']}={suffix.removeprefix('peers.')}:7400"]
        elif suffix in values:
            lines += [f"# {entry['summary']}", f"{entry['environment']}={values[suffix]}"]
        else:
            lines += [f"# {entry['summary']}", f"#{entry['environment']}={entry['default']}"]
    return "\n".join(lines) + "\n"


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser()
    parser.add_argument("--datavault", default="datavault")
    parser.add_argument("--out", type=pathlib.Path, default=here / "environments")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    entries = reference(options.datavault)
    for environment in ABOUT:
        (options.out / f"{environment}.env").write_text(template(environment, entries))


if __name__ == "__main__":
    main()
