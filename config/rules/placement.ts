import { plural } from "../plural";
import { unknownName } from "../problems";
import { suitableServers } from "../server-tags";
import { serversIn } from "../sizes";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { type Rule, rule } from "./rule";
import { streams } from "./scopes";

/** Streams that are placed by tags of servers. */
const placed = (context: ValidationContext) =>
  streams(context).flatMap((scope) =>
    scope.stream.placementTags
      ? [
          {
            ...scope,
            path: [...scope.path, "placementTags"],
            tags: scope.stream.placementTags,
            // More than a local region has are capped; elsewhere config/rules/stream.ts refuses them.
            needed: Math.min(scope.stream.replicas, serversIn(context.environment, scope.home)),
          },
        ]
      : [],
  );

/** Local regions with tags, each with a list for every server. */
const tagged = ({ name, environment }: ValidationContext) =>
  environment.target === "local"
    ? Object.entries(environment.serverTags ?? {}).map(([region, lists]) => ({
        path: ["environments", name, "serverTags", region],
        region,
        lists,
      }))
    : [];

/** Rules about tags of servers, and streams that are placed by them. */
export const placementRules: Rule[] = [
  rule({
    each: tagged,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownName(region, "a region of the environment", environment.regions),
  }),
  rule({
    each: tagged,
    when: ({ region, lists }, { environment }) => lists.length !== serversIn(environment, region),
    message: ({ region, lists }, { environment }) =>
      `has ${plural(lists.length, "list")} of tags for ${plural(serversIn(environment, region), "server")}; ` +
      "write one for each server in their order, [] for one without tags",
  }),
  rule({
    each: placed,
    when: ({ home, tags, needed }, { environment }) =>
      environment.regions.includes(home) && suitableServers(environment, home, tags) < needed,
    message: ({ home, tags, needed }, { name, environment }) =>
      `${list(tags.map(text))} fits ${suitableServers(environment, home, tags)} ` +
      `of the ${plural(serversIn(environment, home), "server")} of ${home}, ` +
      `and ${needed} must have the tags (10005); ` +
      (environment.target === "local"
        ? `give servers their tags in environments.${name}.serverTags.${home}`
        : `name the labels that tags come from in environments.${name}.kubernetes.serverTags`) +
      ", or leave placementTags out",
  }),
];
