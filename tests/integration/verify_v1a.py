# {headers, body, public_key} on standard input: is a `v1a` signature among those of webhook-signature that fits?
# With Python's cryptography, because the libraries of npm know only `v1`.
import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

given = json.load(sys.stdin)
headers = {name.lower(): value for name, value in given["headers"].items()}
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["public_key"]))
signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{given['body']}".encode()
for entry in headers["webhook-signature"].split(" "):
    version, _, signature = entry.partition(",")
    if version != "v1a":
        continue
    try:
        key.verify(base64.b64decode(signature), signed)
        sys.exit(0)
    except InvalidSignature:
        pass
sys.exit("no v1a signature fits")
