import { assetsOf } from "../assets/assets";
import { presentTenants } from "../assets/leaving";
import { suggestKnown, unknownName } from "../problems";
import { alertKind, alertNames, type AlertSetting } from "../schema/alerts";
import { toMilliseconds } from "../units";
import type { ValidationContext } from "./context";
import { text } from "./messages";
import { type Rule, rule } from "./rule";

/** Rules about `alerts` of an environment. */

const settings = ({ name, environment }: ValidationContext) =>
  alertNames.flatMap((alert) => {
    const setting = environment.alerts?.[alert];
    return setting ? [{ path: ["environments", name, "alerts", alert], alert, setting, kind: alertKind(alert) }] : [];
  });

const entries = (context: ValidationContext) =>
  settings(context).flatMap(({ path, alert, setting, kind }) =>
    (setting.of ?? []).map((entry, index) => ({ path: [...path, "of", index], alert, entry, kind })),
  );

type Entry = NonNullable<AlertSetting["of"]>[number];

/** Of alerts about single streams or durables alone: of others, `of` itself is refused. */
const fitting = (context: ValidationContext) => entries(context).filter(({ kind }) => kind.each !== undefined);

const thresholds = (context: ValidationContext) => [
  ...settings(context).map(({ path, kind, setting: { threshold } }) => ({ path, kind, threshold })),
  ...entries(context).map(({ path, kind, entry: { threshold } }) => ({ path, kind, threshold })),
];

/** Streams of an account on the servers, mirrors and those that are derived included. */
function streamsOf({ environment, tenants }: ValidationContext, account: string): string[] {
  const { streams } = assetsOf(environment, presentTenants(tenants));
  return streams.flatMap((stream) => (stream.account === account ? [stream.name] : []));
}

function consumersOf({ environment, tenants }: ValidationContext, { account, stream }: Entry): string[] {
  const { consumers } = assetsOf(environment, presentTenants(tenants));
  const own = consumers.filter((one) => one.account === account && (stream === undefined || one.stream === stream));
  return [...new Set(own.map(({ name }) => name))];
}

const sameScope = (a: Entry, b: Entry): boolean =>
  a.account === b.account && a.stream === b.stream && a.consumer === b.consumer;

export const alertRules: Rule[] = [
  rule({
    each: settings,
    at: ["silence"],
    when: ({ setting: { silence, ...others } }) => silence !== undefined && Object.keys(others).length > 0,
    message: ({ setting: { silence: _, ...others } }) =>
      `makes no such alert, so ${Object.keys(others).join(" and ")} would have no effect; remove one or the other`,
  }),
  rule({
    each: thresholds,
    at: ["threshold"],
    when: ({ threshold, kind }) => threshold !== undefined && kind.unit === undefined,
    message: ({ threshold }) => `${threshold} has no effect: this alert has no threshold; remove it`,
  }),
  rule({
    each: thresholds,
    at: ["threshold"],
    when: ({ threshold, kind }) => kind.unit === "percent" && threshold !== undefined && threshold >= 100,
    message: ({ threshold }) => `${threshold} is a percentage that is never exceeded; write less than 100, e.g. 80`,
  }),
  rule({
    each: settings,
    at: ["for"],
    when: ({ setting }) => setting.for !== undefined && toMilliseconds(setting.for) % 1000 !== 0,
    message: ({ setting }) => `${text(setting.for)} is not a whole number of seconds; write e.g. "5m"`,
  }),
  rule({
    each: settings,
    at: ["of"],
    when: ({ setting, kind }) => setting.of !== undefined && kind.each === undefined,
    message: () => "has no effect: this alert is not about single streams or durables; remove it",
  }),
  rule({
    each: fitting,
    when: ({ entry }) => (entry.threshold === undefined) === (entry.silence === undefined),
    message: ({ kind }) =>
      kind.unit
        ? "changes nothing, or contradicts itself; write either threshold or silence"
        : "changes nothing; write silence, with the reason",
  }),
  rule({
    each: fitting,
    at: ["account"],
    when: ({ entry }, { declared }) => !declared.tenants.includes(entry.account),
    message: ({ entry }, { declared }) => unknownName(entry.account, "a tenant", declared.tenants),
  }),
  rule({
    each: fitting,
    at: ["stream"],
    when: ({ entry }, context) =>
      entry.stream !== undefined &&
      entry.account in context.tenants &&
      !streamsOf(context, entry.account).includes(entry.stream),
    message: ({ entry }, context) =>
      unknownName(entry.stream!, `a stream of ${entry.account}`, streamsOf(context, entry.account)),
  }),
  rule({
    each: fitting,
    at: ["consumer"],
    when: ({ entry, kind }) => entry.consumer !== undefined && kind.each === "stream",
    message: () => "has no effect: this alert is about streams; remove it",
  }),
  rule({
    each: fitting,
    at: ["consumer"],
    when: ({ entry, kind }, context) =>
      entry.consumer !== undefined &&
      kind.each === "consumer" &&
      entry.account in context.tenants &&
      !consumersOf(context, entry).includes(entry.consumer),
    message: ({ entry }, context) =>
      `${text(entry.consumer)} is not a durable of ${entry.stream ?? entry.account}; ` +
      suggestKnown(entry.consumer!, consumersOf(context, entry)),
  }),
  rule({
    each: settings,
    at: ["of"],
    when: ({ setting: { of = [] } }) =>
      of.some((entry, index) => of.slice(0, index).some((other) => sameScope(entry, other))),
    message: () => "has two entries about the same streams or durables, of which the last would count; remove one",
  }),
];
