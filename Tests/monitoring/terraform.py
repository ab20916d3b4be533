"""Runs Terraform on a copy of the project's folder, with a provider from this machine: it downloads nothing."""

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
    """Returns a local mirror that has the AWS provider, or None."""
    places = [pathlib.Path(place).expanduser() for place in PLACES if place]
    # An administrator may have put it in any folder below /opt.
    places += sorted(pathlib.Path("/opt").glob("*")) if pathlib.Path("/opt").exists() else []
    for place in places:
        if (place / PLUGIN).is_dir():
            return place
    return None


def missing():
    """Returns why Terraform cannot run here, or None if it can."""
    if not shutil.which("terraform"):
        return "terraform is not installed"
    if not plugin_folder():
        return "no local folder has the AWS provider; set TF_PLUGIN_DIR to one"
    return None


class Terraform:
    def __init__(self, folder, variables):
        """Runs init in `folder`, which has the .tf files."""
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
    """Returns variables for Terraform, with a new configuration file that allows only local providers."""
    config = pathlib.Path(folder) / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{plugin_folder()}" }}\n}}\n')
    kept = {name: os.environ[name] for name in ["PATH", "HOME", "TMPDIR"] if name in os.environ}
    return {
        **kept, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "NO_PROXY": "*",
        "GOGC": "400",  # garbage collection would take a third of its short processes' time
    }


def copy(folder):
    """Copies the project's terraform folder, without files of earlier runs."""
    target = pathlib.Path(folder) / "terraform"
    shutil.copytree(registry.SOURCE / "terraform", target, ignore=registry.LEFT_BEHIND)
    return target
