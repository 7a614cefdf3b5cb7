# Makes secrets in moto, converts a manifest into a flow of Prefect, and runs it. Prints the state of each task.
import json, re, sys, urllib.error, urllib.request
from pathlib import Path

moto, manifest = sys.argv[1:3]
for name, fields in json.load(sys.stdin).items():
    body = json.dumps({"Name": name, "SecretString": json.dumps(fields), "ClientRequestToken": "0" * 32})
    headers = {
        "X-Amz-Target": "secretsmanager.CreateSecret",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/ap-southeast-4/secretsmanager/aws4_request, SignedHeaders=host, Signature=x",
    }
    try:
        urllib.request.urlopen(urllib.request.Request(moto, body.encode(), headers)).close()
    except urllib.error.HTTPError as error:
        # It is there from an earlier run.
        assert "ResourceExistsException" in error.read().decode()

from argo2prefect import GeneratorOptions, generate_code, parse_workflows

code = generate_code(parse_workflows(Path(manifest).read_text()), GeneratorOptions(runtime="shell"))
# Version 0.2.0 does not wait for the tasks that no other task waits for.
waits = re.findall(r"^    (\w+_fut) = ", code, re.M)
assert code.count("\n    return None\n") == 1 and len(waits) == 3, code
code = code.replace("\n    return None\n", "\n    return [future.wait() or future.state for future in [%s]]\n" % ", ".join(waits))
Path("converted.py").write_text(code)
sys.path.insert(0, ".")
import converted

states = converted.template_0_dbflow()
print(json.dumps([state.name for state in states]))
