"""Sign-in at the loopback issuer (oidc.py): authorization code with PKCE, out of band, device codes.

As strict as a provider should be: client, redirect, proof key, nonce; a code is good once. Nobody
types a password: the authorization endpoint sends the browser on at once, a device code is approved
by POST /admin/device/USER_CODE, and POST /admin/flow with a JSON object sets what goes wrong:
  iss, state, nonce     another value in the answer or the token (null: none)
  deny                  the authorization endpoint's answer is error=access_denied
  device                answers of the token endpoint to the next polls: ["slow_down", …]
  expires_in, interval  of device codes
  token_issuer          the token names another issuer
GET /admin/flow: what was asked, in order.
"""
import base64, hashlib, json, secrets, time, urllib.parse

OOB = "urn:ietf:wg:oauth:2.0:oob"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CLIENTS = ("sigstore", "acme-cli")


def s256(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Flows:
    def __init__(self, mint):
        self.mint = mint  # (issuer, claims, audience) -> JWT
        self.codes, self.devices, self.wrong, self.log = {}, {}, {}, []

    def metadata(self, base):
        return {"device_authorization_endpoint": base + "/device/code",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True}

    # Each answers (status, JSON object) or (302, URL) or (200, text).
    def authorize(self, issuer, query):
        self.log.append({"endpoint": "auth", **query})
        redirect = query.get("redirect_uri", "")
        where = urllib.parse.urlsplit(redirect)
        if query.get("client_id") not in CLIENTS or query.get("response_type") != "code" or \
                not (redirect == OOB or (where.scheme == "http" and where.hostname == "localhost" and where.port)):
            return 400, {"error": "invalid_request", "error_description": "client or redirect"}
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43 or \
                "openid" not in query.get("scope", "").split() or not query.get("state") or not query.get("nonce"):
            return 400, {"error": "invalid_request", "error_description": "proof key, scope, state or nonce"}
        code = secrets.token_urlsafe(24)
        self.codes[code] = {**query, "issuer": issuer, "until": time.time() + 60}
        if redirect == OOB:
            return 200, code
        back = {"state": self.wrong.get("state", query["state"]), "iss": self.wrong.get("iss", issuer)}
        back.update({"error": "access_denied", "error_description": "the person said no"}
                    if self.wrong.get("deny") else {"code": code})
        return 302, redirect + "?" + urllib.parse.urlencode({k: v for k, v in back.items() if v is not None})

    def device_code(self, issuer, form, base):
        self.log.append({"endpoint": "device", **form})
        if form.get("client_id") not in CLIENTS or form.get("code_challenge_method") != "S256":
            return 400, {"error": "invalid_client"}
        device, user = secrets.token_urlsafe(24), secrets.token_hex(2).upper() + "-" + secrets.token_hex(2).upper()
        lives, interval = self.wrong.get("expires_in", 300), self.wrong.get("interval", 1)
        self.devices[device] = {**form, "issuer": issuer, "user": user, "approved": False, "last": 0.0,
                                "interval": interval, "until": time.time() + lives}
        return 200, {"device_code": device, "user_code": user, "verification_uri": base + "/device",
                     "verification_uri_complete": base + "/device?user_code=" + user,
                     "expires_in": lives, "interval": interval}

    def approve(self, user):
        for one in self.devices.values():
            one["approved"] = one["approved"] or one["user"] == user
        return 200, {"ok": True}

    def token(self, form):
        self.log.append({"endpoint": "token", **{k: v for k, v in form.items() if k in ("grant_type", "client_id")}})
        if form.get("grant_type") == DEVICE_GRANT:
            return self.by_device(form)
        if form.get("grant_type") != "authorization_code":
            return 400, {"error": "unsupported_grant_type"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or asked["until"] < time.time() or form.get("client_id") != asked["client_id"] or \
                form.get("redirect_uri") != asked["redirect_uri"] or s256(form.get("code_verifier", "")) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "the code is not good"}
        return self.grant(asked, {"nonce": self.wrong.get("nonce", asked["nonce"])})

    def by_device(self, form):
        asked = self.devices.get(form.get("device_code", ""))
        if asked is None or form.get("client_id") != asked["client_id"] or \
                s256(form.get("code_verifier", "")) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if self.wrong.get("device"):
            said = self.wrong["device"].pop(0)
            if said == "slow_down":
                asked["interval"] += 5
            asked["last"] = time.time()
            return 400, {"error": said}
        early = time.time() - asked["last"] < asked["interval"] - 0.2
        asked["last"] = time.time()
        if early:
            return 400, {"error": "slow_down", "error_description": "polled too fast"}
        if asked["until"] < time.time():
            return 400, {"error": "expired_token"}
        if not asked["approved"]:
            return 400, {"error": "authorization_pending"}
        del self.devices[form["device_code"]]
        return self.grant(asked, {})

    def grant(self, asked, claims):
        who = {"sub": "alice@example.test", "email": "alice@example.test", "email_verified": True,
               **{k: v for k, v in claims.items() if v is not None}}
        issuer = self.wrong.get("token_issuer", asked["issuer"])
        return 200, {"id_token": self.mint(issuer, who, asked["client_id"]), "access_token": "none",
                     "token_type": "Bearer", "expires_in": 300}
