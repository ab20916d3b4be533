"""An AWS account on loopback: a moto server for one test."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import boto3

REGION = "ap-northeast-1"
GROUP = "/docker/etl"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Account:
    """A new account, without resources. It accepts all requests, except within `signatures_required`."""

    def __init__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        server = os.path.join(os.path.dirname(sys.executable), "moto_server")
        self.process = subprocess.Popen(
            [server, "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # Otherwise a proxy variable would send requests for loopback to the proxy.
            env={**os.environ, "NO_PROXY": "*"})
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/moto-api/", timeout=5)
                return
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError("moto_server ended") from None
                time.sleep(0.05)
        raise RuntimeError("moto_server does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait(30)

    @contextlib.contextmanager
    def signatures_required(self):
        """Validates each request within the context: its signature, and its user's rights.

        moto evaluates policies for the resource `*`, whatever the request is for. So the policies are widened to all
        resources; Terraform's own tests check that the real policy names one group. moto does not support conditions:
        test_rights evaluates them.
        """
        iam = self.client("iam")
        changed = []
        for user in [entry["UserName"] for entry in iam.list_users()["Users"]]:
            for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
                document = iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
                for statement in document["Statement"]:
                    statement["Resource"] = "*"
                    statement.pop("Condition", None)
                    # Requests to CloudWatch are signed for `monitoring`, which moto uses as the prefix of its actions.
                    statement["Action"] += [
                        action.replace("cloudwatch:", "monitoring:") for action in statement["Action"]
                        if action.startswith("cloudwatch:")]
                iam.put_user_policy(UserName=user, PolicyName="wide", PolicyDocument=json.dumps(document))
                changed.append(user)
        self.set_requests_without_check(b"0")
        try:
            yield
        finally:
            self.set_requests_without_check(b"1e18")
            for user in changed:
                iam.delete_user_policy(UserName=user, PolicyName="wide")

    def set_requests_without_check(self, count):
        request = urllib.request.Request(
            self.url + "/moto-api/reset-auth", data=count, headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=10).close()

    def variables(self, key_id="test", secret="test", token=None):
        """Returns environment variables for the stages and for Terraform."""
        variables = {
            "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true",
        }
        return {**variables, "AWS_SESSION_TOKEN": token} if token else variables

    def client(self, service, key_id="test", secret="test"):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=key_id, aws_secret_access_key=secret)

    def messages(self, stream, group=GROUP):
        """Returns all messages of a stream, in its order."""
        logs, messages, token = self.client("logs"), [], None
        while True:
            more = {"nextToken": token} if token else {}
            page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **more)
            messages += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token or not page["events"]:
                return messages
            token = page["nextForwardToken"]
