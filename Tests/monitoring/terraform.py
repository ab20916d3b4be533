"""Terraform on a copy of the project's folder, with a provider that is found on this machine: nothing is fetched."""

import json
import os
import pathlib
import shutil
import subprocess

from . import registry

PLUGIN = "registry.terraform.io/hashicorp/aws"
PLACES = [
    os.environ.get("TF_PLUGIN_DIR"), "~/.terraform.d/plugins", "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
]


def plugin_folder():
    """A local mirror of providers that has the AWS provider; None where there is none."""
    places = [pathlib.Path(place).expanduser() for place in PLACES if place]
    # Where an administrator puts things: any folder below /opt.
    places += sorted(pathlib.Path("/opt").glob("*")) if pathlib.Path("/opt").exists() else []
    for place in places:
        if (place / PLUGIN).is_dir():
            return place
    return None


def missing():
    """Why Terraform cannot be tried here; None where it can."""
    if not shutil.which("terraform"):
        return "terraform is not installed"
    if not plugin_folder():
        return "no local folder has the AWS provider; TF_PLUGIN_DIR names one"
    return None


class Terraform:
    def __init__(self, folder, variables):
        """`folder` has the .tf files."""
        self.folder = pathlib.Path(folder)
        self.environment = {**environment(self.folder.parent), **variables}
        self.run("init", "-input=false")

    def run(self, *arguments, expect=(0,)):
        ended = subprocess.run(
            ["terraform", *arguments, "-no-color"] if arguments[0] != "output" else ["terraform", *arguments],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=600, check=False)
        if ended.returncode not in expect:
            raise AssertionError(f"terraform {arguments}: {ended.returncode}\n{ended.stdout}{ended.stderr}")
        return ended

    def outputs(self):
        return {name: entry["value"] for name, entry in json.loads(self.run("output", "-json").stdout).items()}


def environment(folder):
    """Variables for Terraform, with a configuration of its own that knows the local providers alone."""
    config = pathlib.Path(folder) / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{plugin_folder()}" }}\n}}\n')
    kept = {name: os.environ[name] for name in ["PATH", "HOME", "TMPDIR"] if name in os.environ}
    return {
        **kept, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "NO_PROXY": "*",
        "GOGC": "400",  # its processes end after seconds: collecting garbage is a third of their time
    }


def copy(folder):
    """The project's folder without what earlier runs left in it."""
    target = pathlib.Path(folder) / "terraform"
    shutil.copytree(registry.SOURCE / "terraform", target, ignore=registry.LEFT_BEHIND)
    return target
