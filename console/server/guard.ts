import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

/** 256 random bits, for one run of the console. */
export const newToken = (): string => randomBytes(32).toString("base64url");

/**
 * Nothing but the console's own files and its own server: no script or style in the page, no other host, no frame
 * around it, and no text that a script could hand to the browser as HTML.
 */
export const contentSecurityPolicy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"],
  "trusted-types 'none'",
].join("; ");

const headers = {
  "Content-Security-Policy": contentSecurityPolicy,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Cache-Control": "no-store",
};

/**
 * Answers only what is asked of this address by its own name, which a page of another site that resolves its name to
 * 127.0.0.1 does not know, and only GET: there is nothing to change.
 */
export const ownHostOnly =
  (port: () => number): MiddlewareHandler =>
  async (context, next) => {
    const host = context.req.header("host");
    const known = ["127.0.0.1", "localhost"].map((name) => `${name}:${port()}`);
    if (!host || !known.includes(host)) return context.text("this host name is not served here", 421, headers);
    if (context.req.method !== "GET") return context.text("only GET", 405, { ...headers, Allow: "GET" });
    await next();
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
  };

const digest = (text: string) => createHash("sha256").update(text).digest();

/** What is read of the supercluster needs the token, which no browser sends by itself. */
export function withToken(token: string): MiddlewareHandler {
  const wanted = digest(`Bearer ${token}`);
  return async (context, next) => {
    const given = digest(context.req.header("authorization") ?? "");
    if (!timingSafeEqual(given, wanted))
      return context.json({ error: "open the console by the address that npm run console printed" }, 401);
    return next();
  };
}
