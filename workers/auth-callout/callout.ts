import {
  type AuthorizationRequest,
  type ConnectionType,
  decode,
  encodeAuthorizationResponse,
  encodeUser,
} from "@nats-io/jwt";
import { fromCurveSeed, fromSeed, type KeyPair } from "@nats-io/nkeys";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { type CalloutUser, calloutSubject, type ConsumerStatus, type Log, type WorkerPart } from "../messaging";
import { type Decision, decider } from "./decide";
import type { CalloutMetrics } from "./metrics";
import type { CalloutSettings } from "./settings";

/** Header of a question: the public key by which the server encrypted it, and that the answer is encrypted for. */
const serverKeyHeader = "Nats-Server-Xkey";

const audience = "nats-authorization-request";

/** Answers servers that ask who a client is. Any number of processes share the questions. */
export class Callout implements WorkerPart {
  readonly name = "auth-callout";
  private readonly issuer: KeyPair;
  private readonly xkey: KeyPair;
  private readonly decide: (request: AuthorizationRequest) => Decision;
  private subscription: Subscription | undefined;
  private readonly answering = new Set<Promise<void>>();
  private processed = 0;
  private errored = 0;

  constructor(
    private readonly nc: NatsConnection,
    private readonly settings: CalloutSettings,
    private readonly log: Log,
    private readonly metrics: CalloutMetrics,
  ) {
    this.issuer = fromSeed(bytes(settings.AUTH_ISSUER_SEED));
    this.xkey = fromCurveSeed(bytes(settings.AUTH_XKEY_SEED));
    this.decide = decider(settings.AUTH_USERS);
  }

  get status(): ConsumerStatus {
    return { running: this.subscription !== undefined, processed: this.processed, errored: this.errored };
  }

  async start(): Promise<void> {
    this.subscription = this.nc.subscribe(calloutSubject, {
      queue: this.name,
      callback: (error, message) => {
        if (error) this.log.error({ err: error }, "questions of servers cannot be heard");
        else this.begin(message);
      },
    });
    // A subject that its user may not hear is refused before it says that it is ready.
    await this.nc.flush();
  }

  async stop(): Promise<void> {
    await this.subscription?.drain();
    // Nobody else was asked, and the connection is closed next.
    await Promise.all(this.answering);
    this.subscription = undefined;
  }

  private begin(message: Msg): void {
    const answered = this.answer(message).finally(() => this.answering.delete(answered));
    this.answering.add(answered);
  }

  private async answer(message: Msg): Promise<void> {
    try {
      const server = message.headers?.get(serverKeyHeader);
      if (!server) throw new Error("the question is not encrypted");
      const question = this.xkey.open(message.data, server);
      if (!question) throw new Error("the question cannot be decrypted");
      const claims = decode<AuthorizationRequest>(Buffer.from(question).toString());
      const request = claims.nats as AuthorizationRequest;
      if (claims.aud !== audience || claims.iss !== request.server_id.id || request.server_id.xkey !== server)
        throw new Error("the question is none of a server's");
      const decision = this.decide(request);
      const answer = await this.encode(request, decision);
      message.respond(this.xkey.seal(bytes(answer), server));
      this.report(request, decision);
    } catch (error) {
      // Without an answer the server refuses the client once its time for a login is over.
      this.errored++;
      this.metrics.decisions.inc({ outcome: "failed", reason: "" });
      this.log.error({ err: error }, "a question of a server was not answered");
    } finally {
      this.processed++;
    }
  }

  private async encode({ user_nkey: client, server_id: server }: AuthorizationRequest, decision: Decision) {
    const answer = "user" in decision ? { jwt: await this.userOf(decision.user, client) } : { error: decision.refused };
    return encodeAuthorizationResponse(client, server.id, this.issuer, answer, {});
  }

  private userOf(user: CalloutUser, client: string): Promise<string> {
    const { login, account, publish, subscribe, responses } = user;
    const expires = Math.floor((Date.now() + this.settings.AUTH_EXPIRES) / 1000);
    return encodeUser(
      login,
      client,
      this.issuer,
      {
        pub: { allow: [...publish.allow], deny: [...publish.deny] },
        sub: { allow: [...subscribe.allow], deny: [...subscribe.deny] },
        ...(responses && { resp: { max: responses.max, ttl: responses.expiresMs * 1_000_000 } }),
        allowed_connection_types: [...user.connectionTypes] as ConnectionType[],
      },
      { aud: account, exp: expires },
    );
  }

  private report({ client_info: { host, name }, server_id: server }: AuthorizationRequest, decision: Decision): void {
    const of = { server: server.name, host, client: name };
    if ("user" in decision) {
      this.metrics.decisions.inc({ outcome: "allowed", reason: "" });
      this.log.info({ ...of, login: decision.user.login }, "let in");
    } else {
      this.metrics.decisions.inc({ outcome: "refused", reason: decision.refused });
      this.log.warn({ ...of, reason: decision.refused }, "refused");
    }
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
