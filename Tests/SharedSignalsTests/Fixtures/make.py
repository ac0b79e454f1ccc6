#!/usr/bin/env python3
"""Makes tokens.json: tokens of a JOSE library that is not the gateway's own, good ones and bad ones.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install jwcrypto==1.6.1
    /tmp/venv/bin/python make.py > tokens.json

Keys are made anew at every run, so every token changes; what they say stays. The tests give the time: NOW.
"""
import base64, json, sys
from jwcrypto import jwk, jws

NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://idp.example.org/", "https://gateway.example.org/signals"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"

keys = {
    "ES256": jwk.JWK.generate(kty="EC", crv="P-256", kid="es", use="sig"),
    "ES384": jwk.JWK.generate(kty="EC", crv="P-384", kid="es384"),
    "EdDSA": jwk.JWK.generate(kty="OKP", crv="Ed25519", kid="ed"),
    "RS256": jwk.JWK.generate(kty="RSA", size=2048, kid="rsa"),
    "PS256": jwk.JWK.generate(kty="RSA", size=2048, kid="pss", alg="PS256"),
}
stranger = jwk.JWK.generate(kty="EC", crv="P-256", kid="es")
unlisted = jwk.JWK.generate(kty="EC", crv="P-256", kid="unlisted")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims, alg="ES256", key=None, header=None, raw=None):
    key = key or keys[alg]
    protected = {"alg": alg, "typ": "secevent+jwt", "kid": key["kid"]}
    protected.update(header or {})
    protected = {k: v for k, v in protected.items() if v is not None}
    payload = raw if raw is not None else json.dumps(claims)
    token = jws.JWS(payload)
    token.allowed_algs = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "PS256", "HS256", "RS512"]
    token.add_signature(key, alg, json.dumps(protected), None)
    return token.serialize(compact=True)


EMAIL = {"format": "email", "email": "Alice@example.org"}


def claims(events=None, **changes):
    result = {
        "iss": ISSUER, "aud": AUDIENCE, "iat": NOW - 10, "jti": "756E69717565", "sub_id": EMAIL,
        "events": events if events is not None else {CAEP + "session-revoked": {"event_timestamp": NOW - 20}},
    }
    result.update(changes)
    return {k: v for k, v in result.items() if v is not None}


good, bad = [], []


def ok(name, token):
    good.append({"name": name, "token": token})


def no(reason, name, token):
    bad.append({"reason": reason, "name": name, "token": token})


for alg in keys:
    ok("signed with " + alg, sign(claims(), alg))
ok("rs256 by a key without alg, ps256 too", sign(claims(), "PS256", keys["RS256"]))
ok("typ with its prefix", sign(claims(), header={"typ": "application/SecEvent+JWT"}))
ok("audience in a list", sign(claims(aud=["https://other.example/", AUDIENCE])))
ok("iat with a fraction", sign(claims(iat=NOW - 10.25)))
ok("clock ahead by less than the skew", sign(claims(iat=NOW + 59)))
ok("as old as may be", sign(claims(iat=NOW - 86_400)))
ok("time from toe", sign(claims({CAEP + "session-revoked": {}}, toe=NOW - 30)))
ok("time from iat", sign(claims({CAEP + "session-revoked": {}})))
ok("time in the future is now", sign(claims({CAEP + "session-revoked": {"event_timestamp": NOW + 5000}})))
ok("subject in the event", sign(claims({CAEP + "session-revoked": {"subject": EMAIL}}, sub_id=None)))
ok("subject in both, the same", sign(claims({CAEP + "session-revoked": {"subject": EMAIL}})))
ok("credential change", sign(claims({CAEP + "credential-change": {
    "credential_type": "fido2-roaming", "change_type": "create", "event_timestamp": NOW - 20,
    "fido2_aaguid": "accced6a-63f5-490a-9eea-e59bc1896cfc",
    "reason_admin": {"en": "User self-enrollment"}}})))
ok("assurance down", sign(claims({CAEP + "assurance-level-change": {
    "namespace": "NIST-AAL", "current_level": "nist-aal1", "previous_level": "nist-aal2",
    "change_direction": "decrease"}})))
ok("assurance without direction", sign(claims({CAEP + "assurance-level-change": {
    "namespace": "NIST-AAL", "current_level": "nist-aal2"}})))
ok("assurance up", sign(claims({CAEP + "assurance-level-change": {
    "namespace": "NIST-AAL", "current_level": "nist-aal2", "change_direction": "increase"}})))
ok("not compliant", sign(claims({CAEP + "device-compliance-change": {
    "previous_status": "compliant", "current_status": "not-compliant",
    "reason_admin": {"de": "Platte offen", "en": "Location Policy Violation: C076E82F"}}},
    sub_id={"format": "complex", "device": {"format": "iss_sub", "iss": ISSUER, "sub": "Laptop-0001"},
            "user": EMAIL})))
ok("compliant", sign(claims({CAEP + "device-compliance-change": {
    "previous_status": "not-compliant", "current_status": "compliant"}},
    sub_id={"format": "opaque", "id": "laptop-0001"})))
ok("account disabled", sign(claims({RISC + "account-disabled": {"reason": "hijacking"}},
    sub_id={"format": "iss_sub", "iss": ISSUER, "sub": "alice"})))
ok("account enabled", sign(claims({RISC + "account-enabled": {}},
    sub_id={"format": "account", "uri": "acct:alice@example.org"})))
ok("user and device", sign(claims(
    sub_id={"format": "complex", "user": EMAIL, "device": {"format": "opaque", "id": "laptop-0001"},
            "session": {"format": "opaque", "id": "dMTlD|1600802906337.16|16008.16"},
            "tenant": {"format": "iss_sub", "iss": ISSUER, "sub": "1"}})))
ok("aliases", sign(claims(sub_id={"format": "aliases", "identifiers": [
    EMAIL, {"format": "phone_number", "phone_number": "+12065550100"},
    {"format": "iss_sub", "iss": ISSUER, "sub": "al"}]})))
ok("a session of the issuer's own", sign(claims(
    sub_id={"format": "complex", "session": {"format": "opaque", "id": "77"}})))
ok("mail of another domain", sign(claims(sub_id={"format": "email", "email": "alice@elsewhere.example"})))
ok("verification", sign(claims({SSF + "verification": {"state": "VGhpcyBpcyBhbiBleGFtcGxl"}},
    sub_id={"format": "opaque", "id": "f67e39a0a4d34d56b3aa1bc4cff0069f"})))
ok("stream updated", sign(claims({SSF + "stream-updated": {"status": "paused"}}, sub_id=None)))
# RFC 8417 section 2.1.1, figures 1 and 3: events of other profiles.
ok("rfc 8417 scim", sign(claims({
    "urn:ietf:params:scim:event:create": {"ref": "https://scim.example.com/Users/44f6142df96bd6ab61e7521d9",
                                          "attributes": ["id", "name", "userName", "password", "emails"]}},
    sub_id=None, txn="8675309")))
ok("rfc 8417 logout", sign(claims({"http://schemas.openid.net/event/backchannel-logout": {}},
    sub_id=None, sub="248289761001", sid="08a5019c-17e1-4977-8f42-65a12843ea02")))

no("notCompact", "empty", "")
no("notCompact", "two parts", sign(claims()).rsplit(".", 1)[0])
no("notCompact", "four parts", sign(claims()) + ".AA")
no("notCompact", "padding", sign(claims()) + "==")
no("notCompact", "a line feed behind", sign(claims()) + "\n")
no("notCompact", "standard base64", "+" + sign(claims())[1:])
no("notCompact", "json form", '{"payload":"' + b64(json.dumps(claims()).encode()) + '"}')
no("badSignature", "cut short", sign(claims())[:-6])
no("tooLarge", "huge", "A" * 65_537)
no("badHeader", "header is no json", b64(b"{") + "." + b64(b"{}") + "." + b64(b"x" * 64))
no("badHeader", "header twice", b64(b'{"alg":"none","alg":"ES256","typ":"secevent+jwt"}') + ".e30.AAAA")
no("badHeader", "kid is a number", b64(b'{"alg":"ES256","typ":"secevent+jwt","kid":7}') + ".e30.AAAA")
no("notAnEvent", "no typ", sign(claims(), header={"typ": None}))
no("notAnEvent", "an access token", sign(claims(), header={"typ": "at+jwt"}))
no("notAnEvent", "jwt", sign(claims(), header={"typ": "JWT"}))
no("refusedAlgorithm", "none", b64(b'{"alg":"none","typ":"secevent+jwt"}') + "."
   + b64(json.dumps(claims()).encode()) + ".")
no("refusedAlgorithm", "None", b64(b'{"alg":"None","typ":"secevent+jwt"}') + "."
   + b64(json.dumps(claims()).encode()) + ".")
public = keys["RS256"].export_to_pem()
no("refusedAlgorithm", "hmac with the public key", sign(claims(), "HS256",
   jwk.JWK(kty="oct", k=b64(public), kid="rsa")))
no("refusedAlgorithm", "rs512", sign(claims(), "RS512", keys["RS256"]))
no("criticalHeader", "crit", b64(b'{"alg":"ES256","typ":"secevent+jwt","kid":"es","crit":["exp"],"exp":1}')
   + ".e30.AAAA")
no("unknownKey", "kid not in the set", sign(claims(), key=unlisted))
no("unknownKey", "kid of another kind of key", sign(claims(), header={"kid": "rsa"}))
no("unknownKey", "no kid, two keys could be it", b64(b'{"alg":"PS256","typ":"secevent+jwt"}') + ".e30.AAAA")
no("unknownKey", "rs256 with a key for ps256", sign(claims(), "RS256", keys["PS256"]))
no("badSignature", "another key of the same kid", sign(claims(), key=stranger))
no("badSignature", "key in the header", sign(claims(), key=stranger,
   header={"jwk": json.loads(stranger.export_public())}))
h, c, s = sign(claims()).split(".")
no("badSignature", "claims of another token", ".".join(
    [h, b64(json.dumps(claims(sub_id={"format": "opaque", "id": "bob"})).encode()), s]))
no("badSignature", "no signature", h + "." + c + ".")
no("badSignature", "signature of zeros", h + "." + c + "." + b64(bytes(64)))
no("badClaims", "no json", sign(None, raw="hello"))
no("badClaims", "an array", sign(None, raw="[]"))
no("badClaims", "key twice", sign(None, raw='{"iss":"' + ISSUER + '","iss":"evil"}'))
no("badClaims", "nested deep", sign(None, raw='{"events":' + "[" * 40 + "]" * 40 + "}"))
no("badClaims", "bad utf-8", sign(None, raw=b'{"iss":"\xff"}'))
no("wrongIssuer", "another issuer", sign(claims(iss="https://evil.example/")))
no("wrongIssuer", "issuer without its slash", sign(claims(iss=ISSUER[:-1])))
no("wrongIssuer", "no issuer", sign(claims(iss=None)))
no("wrongIssuer", "issuers in a list", sign(claims(iss=[ISSUER])))
no("wrongAudience", "another audience", sign(claims(aud="https://other.example/")))
no("wrongAudience", "audience with more behind it", sign(claims(aud=AUDIENCE + "/x")))
no("wrongAudience", "no audience", sign(claims(aud=None)))
no("wrongAudience", "empty list", sign(claims(aud=[])))
no("noTokenID", "no jti", sign(claims(jti=None)))
no("noTokenID", "empty jti", sign(claims(jti="")))
no("noTokenID", "long jti", sign(claims(jti="x" * 257)))
no("noTokenID", "jti is a number", sign(claims(jti=7)))
no("noIssueTime", "no iat", sign(claims(iat=None)))
no("noIssueTime", "iat is a text", sign(claims(iat=str(NOW))))
no("noIssueTime", "negative iat", sign(claims(iat=-5)))
no("noIssueTime", "iat with an exponent", sign(None, raw=json.dumps(claims()).replace(
    str(NOW - 10), "1.8e9")))
no("fromTheFuture", "a minute and a second ahead", sign(claims(iat=NOW + 61)))
no("tooOld", "a day and a second", sign(claims(iat=NOW - 86_401)))
no("noEvents", "none", sign(claims({})))
no("noEvents", "no claim", sign({k: v for k, v in claims().items() if k != "events"}))
no("noEvents", "a list", sign(claims([CAEP + "session-revoked"])))
no("tooManyEvents", "17", sign(claims({f"https://example/{n}": {} for n in range(17)})))
no("noSubject", "none", sign(claims(sub_id=None)))
no("badSubject", "a text", sign(claims(sub_id="alice")))
no("badSubject", "unknown format", sign(claims(sub_id={"format": "fax", "fax": "1"})))
no("badSubject", "email without email", sign(claims(sub_id={"format": "email"})))
no("badSubject", "name with a line feed", sign(claims(sub_id={"format": "opaque", "id": "a\nb"})))
no("badSubject", "aliases in aliases", sign(claims(sub_id={"format": "aliases", "identifiers": [
    {"format": "aliases", "identifiers": [EMAIL]}]})))
no("badSubject", "no aliases", sign(claims(sub_id={"format": "aliases", "identifiers": []})))
no("badSubject", "account without scheme", sign(claims(sub_id={"format": "account", "uri": "alice@example.org"})))
no("twoSubjects", "two subjects", sign(claims({CAEP + "session-revoked": {
    "subject": {"format": "opaque", "id": "bob"}}})))
no("badEvent", "event is a text", sign(claims({CAEP + "session-revoked": "x"})))
no("badEvent", "time is a text", sign(claims({CAEP + "session-revoked": {"event_timestamp": "now"}})))
no("badEvent", "unknown status", sign(claims({CAEP + "device-compliance-change": {"current_status": "odd"}})))
no("badEvent", "no status", sign(claims({CAEP + "device-compliance-change": {}})))
no("badEvent", "no level", sign(claims({CAEP + "assurance-level-change": {}})))
no("badEvent", "sideways", sign(claims({CAEP + "assurance-level-change": {
    "current_level": "1", "change_direction": "sideways"}})))
no("badEvent", "no credential type", sign(claims({CAEP + "credential-change": {"change_type": "create"}})))
no("badEvent", "one good event and one bad", sign(claims({
    CAEP + "session-revoked": {}, CAEP + "device-compliance-change": {}})))
no("badEvent", "stream in an unknown state", sign(claims({SSF + "stream-updated": {"status": "odd"}})))

json.dump({
    "now": NOW, "issuer": ISSUER, "audience": AUDIENCE,
    "keys": {"keys": [json.loads(k.export_public()) for k in keys.values()]
             + [{"kty": "EC", "crv": "P-521", "kid": "other", "x": "AA", "y": "AA"}]},
    "good": good, "bad": bad,
}, sys.stdout, indent=1)
print()
