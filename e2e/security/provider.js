// A real OpenID Connect provider on this machine, with a page to sign in on. What it hands out can be spoilt on the way,
// as a hostile or broken provider would.

import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

export const CLIENT_ID = "photoz";
export const CLIENT_SECRET = "a secret only provider and service know";

async function signingKey(kid) {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };
}

const page = (uid) => `<!doctype html><title>Example login</title><h1>Example login</h1>
<form method="post"><label>Name <input name="login" autofocus></label><button>Continue</button></form>
<a href="/interaction/${uid}/abort">Cancel</a>`;

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

/** `people` are the claims by name; whoever signs in as one of them is that one. */
export class IdentityProvider {
  static async start(people) {
    const own = new IdentityProvider();
    own.people = people;
    own.key = await signingKey("own");
    own.otherKey = await signingKey("other");
    // The service is told the issuer before the provider is told the service's address.
    own.http = createServer((request, response) => own.answer(request, response));
    await new Promise((resolve) => own.http.listen(0, "127.0.0.1", resolve));
    // Another host than the service's: going there and back crosses sites.
    own.issuer = `http://localhost:${own.http.address().port}`;
    return own;
  }

  /** The settings of a service that trusts this provider. */
  settings(root, more = {}) {
    return {
      PZ_PUBLIC_URL: root,
      PZ_OIDC_ISSUER: this.issuer,
      PZ_OIDC_CLIENT_ID: CLIENT_ID,
      PZ_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      PZ_OIDC_NAME: "Example Observatory",
      ...more,
    };
  }

  /** Takes these services as clients; answers from now on. */
  serve(...roots) {
    this.provider = new Provider(this.issuer, {
      clients: [{
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: roots.map((root) => `${root}/api/oidc/callback/`),
        grant_types: ["authorization_code"],
        response_types: ["code"],
      }],
      jwks: { keys: [this.key] },
      pkce: { required: () => true },
      cookies: { keys: ["a key of the provider's own cookies"] },
      claims: { openid: ["sub"], profile: ["preferred_username", "given_name", "family_name", "groups"], email: ["email"] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
      findAccount: (_, id) => this.people[id] && { accountId: id, claims: () => ({ sub: id, ...this.people[id] }) },
      // Nobody is asked what the service may know.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
        grant.addOIDCScope("openid profile email");
        await grant.save();
        return grant;
      },
    });
    this.provider.use(async (context, next) => {
      await next();
      if (context.path === "/token" && this.spoil && context.body?.id_token) {
        context.body = { ...context.body, id_token: await this.spoil(context.body.id_token) };
      }
    });
    this.handle = this.provider.callback();
  }

  async answer(request, response) {
    const [, folder, , abort] = request.url.split("/");
    if (this.broken?.(request.url)) return response.writeHead(503).end("down for a while");
    if (folder !== "interaction") return this.handle(request, response);
    try {
      const { uid } = await this.provider.interactionDetails(request, response);
      if (abort) {
        const refused = { error: "access_denied", error_description: "<b>call this number</b>" };
        return await this.provider.interactionFinished(request, response, refused);
      }
      if (request.method === "GET") return response.writeHead(200, { "Content-Type": "text/html" }).end(page(uid));
      const accountId = (await body(request)).get("login");
      return await this.provider.interactionFinished(request, response, { login: { accountId } });
    } catch (error) {
      return response.writeHead(500).end(String(error));
    }
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}
