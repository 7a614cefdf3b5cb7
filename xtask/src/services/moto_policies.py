"""moto with policies that name resources.

moto 5.2.1 checks policies of Secrets Manager and Systems Manager against the resource `*`, knows no `?` and no condition
about KMS. This
program replaces those checks, and starts moto's server:

- A request is about the ARN of its secret. A batch is about `*`, and each of its secrets about its own ARN.
- A request is about each of its parameters, or about its path.
- A secret or a parameter with a KMS key needs `kms:Decrypt` on the key, through the service of its region.
- A trust policy may name the root of an account, and ask for an external id.

`/moto-api/data.json` lists the refused actions under `refused`.
"""

import json
import re
import sys
import threading

from moto.core.exceptions import AccessDeniedError
from moto.iam import access_control
from moto.moto_api._internal.responses import MotoAPIResponse
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import main
from moto.ssm.models import ssm_backends
from moto.utilities.utils import get_partition

ABOUT_ONE_SECRET = {"GetSecretValue", "DescribeSecret", "ListSecretVersionIds"}
ABOUT_PARAMETERS = {"GetParameters", "GetParametersByPath"}
refused = []
request_of_thread = threading.local()


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text):
    parts = {"*": ".*", "?": "."}
    pattern = "".join(parts.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def is_about(statement, name, text):
    if name in statement:
        return any(matches(pattern, text) for pattern in listed(statement[name]))
    return not any(matches(pattern, text) for pattern in listed(statement["Not" + name]))


def has_conditions(statement, context):
    for operator, keys in statement.get("Condition", {}).items():
        assert operator in ("StringEquals", "StringLike"), operator
        for key, values in keys.items():
            like = matches if operator == "StringLike" else str.__eq__
            if key not in context or not any(like(value, context[key]) for value in listed(values)):
                return False
    return True


def statements_of(documents):
    for document in documents:
        if not isinstance(document, str):
            document = document["policy_document"]
        yield from listed(json.loads(document)["Statement"])


def is_permitted(documents, action, resource, context):
    effects = {
        statement["Effect"]
        for statement in statements_of(documents)
        if is_about(statement, "Action", action)
        and is_about(statement, "Resource", resource)
        and has_conditions(statement, context)
    }
    return effects == {"Allow"}


def is_trusted(document, request, context):
    account = request._access_key.account_id
    partition = get_partition(request._region)
    names = {f"arn:{partition}:iam::{account}:root", account, request._access_key.arn, "*"}
    return any(
        names.intersection(listed(statement["Principal"]["AWS"]))
        and is_about(statement, "Action", request._action)
        and has_conditions(statement, context)
        for statement in statements_of([document])
    )


def secret_of(request, secret_id):
    return secretsmanager_backends[request.account_id][request._region].secrets.get(secret_id)


def arn_of(request, secret_id):
    secret = secret_of(request, secret_id)
    if secret:
        return secret.arn
    if secret_id.startswith("arn:"):
        return secret_id
    partition = get_partition(request._region)
    return f"arn:{partition}:secretsmanager:{request._region}:{request.account_id}:secret:{secret_id}"


def may_read(request, secret_id, action):
    """Returns the first action that is refused."""
    documents = request._access_key.collect_policies()
    if not is_permitted(documents, action, arn_of(request, secret_id), {}):
        return action
    secret = secret_of(request, secret_id)
    key = secret and secret.kms_key_id
    if action == "secretsmanager:GetSecretValue" and key:
        service = f"secretsmanager.{request._region}.amazonaws.com"
        if not is_permitted(documents, "kms:Decrypt", key, {"kms:ViaService": service}):
            return "kms:Decrypt"
    return None


def may_read_parameters(request, body, action):
    """Returns the first action that is refused."""
    documents = request._access_key.collect_policies()
    partition = get_partition(request._region)
    start = f"arn:{partition}:ssm:{request._region}:{request.account_id}:parameter/"
    backend = ssm_backends[request.account_id][request._region]
    names = body.get("Names", [])
    for name in names or [body["Path"]]:
        is_arn = name.startswith("arn:")
        bare = ":".join(name.split(":")[: 6 if is_arn else 1])
        if not is_permitted(documents, action, bare if is_arn else start + bare.lstrip("/"), {}):
            return action
    if not body.get("WithDecryption"):
        return None
    if not names:
        names = [it.name for it in backend.get_parameters_by_path(body["Path"], False)[0]]
    service = f"ssm.{request._region}.amazonaws.com"
    for parameter in backend.get_parameters(names).values():
        key = parameter.keyid if parameter.parameter_type == "SecureString" else None
        if key and key.startswith("arn:"):
            if not is_permitted(documents, "kms:Decrypt", key, {"kms:ViaService": service}):
                return "kms:Decrypt"
    return None


def check(request, resource):
    """Takes the place of `IAMRequestBase.check_action_permitted`."""
    request_of_thread.request = request
    service, _, name = request._action.partition(":")
    if request._action == "sts:GetCallerIdentity":
        return
    if service == "secretsmanager" and name in ABOUT_ONE_SECRET:
        body = json.loads(request._body or "{}")
        denied = may_read(request, body["SecretId"], request._action)
    elif service == "ssm" and name in ABOUT_PARAMETERS:
        body = json.loads(request._body or "{}")
        denied = may_read_parameters(request, body, request._action)
    else:
        documents = request._access_key.collect_policies()
        is_good = is_permitted(documents, request._action, resource, {})
        if is_good and request._action == "sts:AssumeRole":
            role = request.backend.get_role_by_arn(resource)
            external_id = request._data.get("ExternalId")
            external_id = external_id[0] if isinstance(external_id, list) else external_id
            context = {"sts:ExternalId": external_id} if external_id else {}
            is_good = is_trusted(role.assume_role_policy_document, request, context)
        denied = None if is_good else request._action
    if denied:
        refused.append(denied)
        raise AccessDeniedError(user_arn=request._access_key.arn, action=denied)


read_batch = SecretsManagerResponse.batch_get_secret_value


def batch_get_secret_value(self):
    """Reports the secrets that may not be read one by one, as AWS does."""
    request = getattr(request_of_thread, "request", None)
    ids = self._get_param("SecretIdList", if_none=[])
    action = "secretsmanager:GetSecretValue"
    denied = {one for one in ids if request and may_read(request, one, action)}
    refused.extend(action for _ in denied)
    answer = json.loads(read_batch(self))
    arns = {arn_of(request, one) for one in denied} if request else set()
    answer["SecretValues"] = [it for it in answer["SecretValues"] if it["ARN"] not in arns]
    for one in denied:
        message = f"not authorized to perform: {action}"
        answer["Errors"].append(
            {"SecretId": one, "ErrorCode": "AccessDeniedException", "Message": message}
        )
    return json.dumps(answer)


show_data = MotoAPIResponse.model_data


def model_data(self, request, full_url, headers):
    status, headers, body = show_data(self, request, full_url, headers)
    return status, headers, json.dumps({**json.loads(body), "refused": refused})


access_control.IAMRequestBase.check_action_permitted = check
SecretsManagerResponse.batch_get_secret_value = batch_get_secret_value
MotoAPIResponse.model_data = model_data
main(sys.argv[1:])
