"""Tests terraform/*-policy.json: the deployer has the rights that Terraform needs, and cannot gain others."""

import json
import pathlib
import shutil
import tempfile
import unittest

from . import registry, terraform
from .aws import REGION, Account
from .policies import Policy
from .recorder import Recorder

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}"
WRITER, ROLE = f"{ARN}:user/business-registry-log-writer", f"{ARN}:role/business-registry-log-writer"
PROFILE = f"{ARN}:instance-profile/business-registry-log-writer"
BOUNDARY = f"{ARN}:policy/business-registry-boundary"
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}


def policy(name):
    text = (registry.SOURCE / "terraform" / name).read_text()
    return Policy(json.loads(text.replace("ACCOUNT", ACCOUNT).replace("REGION", REGION)))


DEPLOYER, LIMIT = policy("deployer-policy.json"), policy("boundary-policy.json")


class EscalationTests(unittest.TestCase):
    def test_the_deployer_cannot_gain_rights(self):
        other = {"iam:PermissionsBoundary": f"{ARN}:policy/other"}
        admin = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
        refused = [
            # Users and roles without our boundary, or with another one.
            *[(f"iam:{action}", whom, context) for whom, actions in [
                (WRITER, ["CreateUser", "PutUserPolicy", "PutUserPermissionsBoundary"]),
                (ROLE, ["CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary"]),
            ] for action in actions for context in ({}, other)],
            # The boundary itself.
            *[(f"iam:{action}", whom, BOUNDED) for whom, action in [
                (WRITER, "DeleteUserPermissionsBoundary"), (ROLE, "DeleteRolePermissionsBoundary")]],
            *[(f"iam:{action}", BOUNDARY, {}) for action in [
                "CreatePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion", "DeletePolicy"]],
            # Managed policies and groups.
            *[(f"iam:{action}", whom, {**admin, **bounded}) for whom, action in [
                (WRITER, "AttachUserPolicy"), (ROLE, "AttachRolePolicy"), (WRITER, "AddUserToGroup"),
                (f"{ARN}:group/admins", "AddUserToGroup"), (f"{ARN}:group/admins", "PutGroupPolicy"),
            ] for bounded in ({}, BOUNDED)],
            # Other users and roles, and the deployer.
            *[(f"iam:{action}", f"{ARN}:user/{name}", BOUNDED) for name in ["admin", "deployer"] for action in [
                "CreateAccessKey", "PutUserPolicy", "CreateLoginProfile", "UpdateLoginProfile", "CreateUser",
                "PutUserPermissionsBoundary", "DeleteUserPolicy"]],
            *[(f"iam:{action}", f"{ARN}:role/admin", BOUNDED) for action in [
                "UpdateAssumeRolePolicy", "PutRolePolicy", "CreateRole", "PassRole", "DeleteRole"]],
            ("iam:CreateLoginProfile", WRITER, BOUNDED),
            ("sts:AssumeRole", f"{ARN}:role/admin", {}),
            # Roles for other services.
            ("iam:PassRole", ROLE, {}),
            *[("iam:PassRole", ROLE, {"iam:PassedToService": f"{name}.amazonaws.com"}) for name in ["lambda", "glue", "ecs-tasks"]],
            ("iam:PassRole", f"{ARN}:role/admin", {"iam:PassedToService": "ec2.amazonaws.com"}),
            # Logs and alarms of others.
            ("logs:DeleteLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other", {}),
            ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:other", {}),
            ("sns:DeleteTopic", f"arn:aws:sns:{REGION}:{ACCOUNT}:other", {}),
        ]
        for action, resource, context in refused:
            with self.subTest(f"{action} on {resource} with {context}"):
                self.assertFalse(DEPLOYER.allows(action, resource, context))

    def test_the_boundary_limits_the_log_writers_rights(self):
        """The deployer can give the log writer a policy that allows everything, but the boundary limits it."""
        self.assertTrue(DEPLOYER.allows("iam:PutUserPolicy", WRITER, BOUNDED))
        everything = Policy({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

        def may(action, resource):
            return everything.allows(action, resource) and LIMIT.allows(action, resource)

        group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/docker/etl"
        self.assertTrue(may("logs:PutLogEvents", f"{group}:log-stream:console"))
        for action, resource in [
            ("iam:CreateUser", f"{ARN}:user/new"), ("iam:PutUserPolicy", WRITER), ("sts:AssumeRole", f"{ARN}:role/admin"),
            ("logs:DeleteLogGroup", group), ("logs:GetLogEvents", f"{group}:log-stream:console"), ("s3:GetObject", "arn:aws:s3:::x/y"),
            ("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other:log-stream:x"),
        ]:
            self.assertFalse(may(action, resource), action)

    def test_the_evaluator(self):
        rule = Policy({"Statement": [
            {"Effect": "Allow", "Action": "a:Get*", "Resource": "r/[x]*", "Condition": {"StringLike": {"k": "v*"}}},
            {"Effect": "Deny", "Action": ["a:GetSecret"], "Resource": "*"}]})
        self.assertTrue(rule.allows("A:getThing", "r/[x]1", {"k": "v1"}))
        for call in [("a:GetThing", "r/[x]1"), ("a:GetThing", "r/[x]1", {"k": "w"}), ("a:GetThing", "r/x", {"k": "v"}),
                     ("a:GetSecret", "r/[x]1", {"k": "v1"}), ("b:GetThing", "r/[x]1", {"k": "v1"})]:
            self.assertFalse(rule.allows(*call), call)
        with self.assertRaises(ValueError):
            Policy({"Statement": [{"Effect": "Allow", "NotAction": "x", "Resource": "*"}]})


@unittest.skipIf(terraform.missing(), terraform.missing())
class NeededTests(unittest.TestCase):
    def test_all_calls_of_terraform_are_allowed(self):
        """Checks each call of apply, plan, key rotation and destroy, for each kind of log writer."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="registry-rights-"))
        self.addCleanup(shutil.rmtree, folder)
        account = Account()
        self.addCleanup(account.close)
        recorder = Recorder(account)
        self.addCleanup(recorder.close)
        tool = terraform.Terraform(
            terraform.copy(folder), account.variables() | {"AWS_ENDPOINT_URL": recorder.url})
        iam, name = account.client("iam"), "business-registry-log-writer"
        for writer in ["user", "ecs", "ec2", "user"]:
            options = ["-input=false", "-var", f"log_writer={writer}", "-var", "alarm_email=oncall@example.org"]
            tool.run("apply", "-auto-approve", *options)
            tool.run("plan", "-detailed-exitcode", *options)
        first = tool.outputs()["log_writer_access_key_id"]
        tool.run("apply", "-auto-approve", "-replace=aws_iam_access_key.log_writer[0]", *options)
        keys = [key["AccessKeyId"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]]
        self.assertEqual(keys, [tool.outputs()["log_writer_access_key_id"]])
        self.assertNotEqual(keys, [first])
        tool.run("destroy", "-auto-approve", *options)
        self.assertEqual(iam.list_users()["Users"], [])
        self.assertEqual(iam.list_roles()["Roles"], [])
        asked = {action for action, _ in recorder.calls}
        for needed in ["iam:CreateUser", "iam:CreateRole", "iam:PutUserPolicy", "iam:PutRolePolicy", "iam:CreateAccessKey",
                       "iam:AddRoleToInstanceProfile", "iam:DeleteUser", "logs:PutMetricFilter", "cloudwatch:PutMetricAlarm"]:
            self.assertIn(needed, asked)
        for action, fields in recorder.calls:
            if action.startswith("iam:"):
                self.check_iam(action, fields)
            elif action != "sts:GetCallerIdentity":  # this action needs no right
                self.assertTrue(
                    any(DEPLOYER.allows(action, resource.replace("*", "x")) for resource in self.resources()), action)

    def resources(self):
        return {resource for statement in DEPLOYER.statements for resource in
                (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])}

    def check_iam(self, action, fields):
        resource = next(
            arn for key, arn in [("UserName", WRITER), ("InstanceProfileName", PROFILE), ("RoleName", ROLE)] if key in fields)
        # The boundary is that of the request, or of the existing user or role, which has ours since its creation.
        made = action in ("iam:CreateUser", "iam:CreateRole")
        boundary = fields.get("PermissionsBoundary") if made else BOUNDARY
        context = {"iam:PermissionsBoundary": boundary} if boundary else {}
        self.assertTrue(DEPLOYER.allows(action, resource, context), f"{action} {fields}")
        if action == "iam:AddRoleToInstanceProfile":
            self.assertTrue(DEPLOYER.allows("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}))


if __name__ == "__main__":
    unittest.main()
