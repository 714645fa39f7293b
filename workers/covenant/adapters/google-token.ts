import { sign } from "node:crypto";
import * as z from "zod";

/** Of a service account of Google Cloud, as its key file has them. */
export interface ServiceAccount {
  projectId: string;
  clientEmail: string;
  /** PEM. */
  privateKey: string;
  /** Where access tokens are asked for. */
  tokenUri: string;
}

/** No access token was given. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Of an assertion, in seconds: as long as is allowed. */
const validFor = 3_600;

/** How long before its end a token is replaced, in milliseconds. */
const early = 60_000;

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/**
 * Access tokens of a service account by the JWT bearer grant; one is kept until a minute before it ends.
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 *
 * @param timeout of a request, in milliseconds
 */
export class GoogleTokens {
  private current?: { token: string; until: number };
  private asking?: Promise<string>;

  constructor(
    private readonly account: ServiceAccount,
    private readonly scope: string,
    private readonly timeout: number,
  ) {}

  /** @throws TokenError */
  async get(): Promise<string> {
    if (this.current && Date.now() < this.current.until) return this.current.token;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** The token was refused: the next `get` asks for another one. */
  forget(token: string): void {
    if (this.current?.token === token) this.current = undefined;
  }

  private async ask(): Promise<string> {
    const asked = Date.now();
    const assertion = assertionOf(this.account, this.scope, Math.floor(asked / 1_000));
    try {
      const response = await fetch(this.account.tokenUri, {
        method: "POST",
        body: new URLSearchParams({ grant_type: grant, assertion }),
        redirect: "error",
        signal: AbortSignal.timeout(this.timeout),
      });
      const text = await response.text();
      if (!response.ok) throw new TokenError(`${response.status} ${text.trim().slice(0, 200)}`);
      const { access_token: token, expires_in: seconds } = answer.parse(JSON.parse(text));
      this.current = { token, until: asked + seconds * 1_000 - early };
      return token;
    } catch (error) {
      if (error instanceof TokenError) throw error;
      const { message, cause } = error as Error;
      throw new TokenError(cause instanceof Error && cause.message ? cause.message : message, { cause: error });
    }
  }
}

/** A JSON Web Token, signed with RS256. */
function assertionOf({ clientEmail, privateKey, tokenUri }: ServiceAccount, scope: string, now: number): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { iss: clientEmail, scope, aud: tokenUri, iat: now, exp: now + validFor };
  const signed = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}
