import { createTransport } from "nodemailer";
import type { Email, Sender, SendResult } from "./sender";

/** A mail server that relays. */
export interface SmtpSettings {
  /** `smtp://user:password@host:587` (STARTTLS), or `smtps://` (TLS from the start). */
  url: string;
  /** Sender of every e-mail: `IRISX <no-reply@example.com>`. */
  from: string;
  /** Whether a server without TLS is refused; a password is never sent to one either way. */
  requireTls: boolean;
  /** Certificates that are trusted, PEM. Default: those of Node.js. */
  ca?: string;
  /** Connections at the same time. */
  connections: number;
  /** For one e-mail, in milliseconds. */
  timeout: number;
}

/**
 * Sends by SMTP. Its `Message-ID` is made of the delivery's id, by which receivers recognise one that was sent twice:
 * the protocol cannot tell whether a message arrived whose answer was lost.
 */
export function smtpSender(settings: SmtpSettings): Sender<Email> {
  const { url, connections, timeout } = settings;
  const { hostname, port, protocol, username, password } = new URL(url);
  const transport = createTransport({
    pool: true,
    host: hostname,
    port: Number(port) || (protocol === "smtps:" ? 465 : 587),
    secure: protocol === "smtps:",
    auth: username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined,
    // A password is not sent in clear.
    requireTLS: settings.requireTls || username !== "",
    tls: settings.ca ? { ca: settings.ca } : undefined,
    maxConnections: connections,
    // A connection that ended while it sent: whether to send again is decided by the delivery's state.
    maxRequeues: 0,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^@>\s]+)/.exec(settings.from)?.[1] ?? "localhost";
  return {
    provider: "smtp",
    async send({ id, to, subject, body, html }) {
      try {
        const { messageId, rejected } = await transport.sendMail({
          from: settings.from,
          to: [...to],
          subject,
          text: body,
          html,
          messageId: `<${id}@${domain}>`,
          signal: AbortSignal.timeout(timeout),
        });
        const note = rejected.length ? `refused for ${rejected.map(addressOf).join(", ")}` : undefined;
        return { outcome: "sent", providerId: messageId, note };
      } catch (error) {
        return resultOf(error as SmtpError);
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

const addressOf = (recipient: string | { address?: string }): string =>
  typeof recipient === "string" ? recipient : (recipient.address ?? "");

interface SmtpError extends Error {
  code?: string;
  /** The command that was answered with `responseCode`. */
  command?: string;
  responseCode?: number;
}

/** Errors about this one message and no other. The rest are of the connection, of TLS, of the login. */
const aboutMessage = /^(MAIL FROM|RCPT TO|DATA|BDAT)/;

function resultOf({ message, code, command = "", responseCode }: SmtpError): SendResult {
  const reason = `SMTP: ${message}`;
  if (responseCode === undefined) {
    // No server was asked: there is no recipient that could be written to.
    return code === "EENVELOPE" || code === "EMESSAGE"
      ? { outcome: "rejected", reason }
      : { outcome: "unavailable", reason };
  }
  // 421: the server closes the connection, for whatever message. 503: wrong order of commands, not the message's fault.
  if (code === "EAUTH" || responseCode === 421 || !isAboutMessage(code, command))
    return { outcome: "unavailable", reason };
  return { outcome: responseCode >= 500 && responseCode !== 503 ? "rejected" : "retry", reason };
}

const isAboutMessage = (code: string | undefined, command: string): boolean =>
  code === "EENVELOPE" || code === "EMESSAGE" || aboutMessage.test(command);
