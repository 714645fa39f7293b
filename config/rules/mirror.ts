import { plural } from "../plural";
import { serversIn } from "../sizes";
import { copyIsRefused, text, unknownRegion } from "./messages";
import { type Rule, rule } from "./rule";
import { mirrors } from "./scopes";

/** Rules about a stream's mirrors in other regions. What holds for a copy by itself: arguments/copy.ts. */
export const mirrorRules: Rule[] = [
  rule({
    each: mirrors,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownRegion(region, environment),
  }),
  rule({
    each: mirrors,
    when: ({ region, home }) => region === home,
    message: ({ home, name }) =>
      `${text(home)} is the region of ${name} itself, and a mirror is a copy in another one; write another region`,
  }),
  rule({
    each: mirrors,
    when: ({ stream, home, region }, { environment }) =>
      environment.target === "kubernetes" &&
      stream.replicas > serversIn(environment, region) &&
      stream.replicas <= serversIn(environment, home),
    message: ({ stream, name, region }, { environment }) =>
      `a mirror has as many replicas as ${name}, ${stream.replicas}, and ${region} has ` +
      `${plural(serversIn(environment, region), "server")} (10005); raise byRegion.${region}.servers, ` +
      "or remove the mirror",
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "workqueue",
    message: ({ name }) =>
      `a mirror takes messages out of a work queue as its workers do, so ${name} would be emptied; remove the mirror`,
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "interest",
    message: ({ name }) =>
      `a mirror counts as interest, so ${name} would keep every message until it is copied; ` +
      'write retention "limits", or remove the mirror',
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.consumerLimits?.maxAckPending !== undefined,
    message: ({ name }) => copyIsRefused(name),
  }),
  rule({
    each: mirrors,
    when: ({ mirror, tenant }) => mirror in tenant.streams,
    message: ({ mirror }) => `the mirror's name, ${text(mirror)}, is already a stream's (10058); rename that stream`,
  }),
  rule({
    each: mirrors,
    when: (scope, context) =>
      mirrors(context).some(
        ({ key, mirror, name }) => key === scope.key && mirror === scope.mirror && name < scope.name,
      ),
    message: ({ mirror }) =>
      `the mirror's name, ${text(mirror)}, is also that of another stream's mirror (10058); rename one of the streams`,
  }),
];
