import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { kubernetes } from "../../../config/schema/kubernetes";
import { testedServers } from "../../../config/versions";
import { projectFolder } from "../../support/project-copy";

const read = (file: string): string => readFileSync(path.join(projectFolder, file), "utf8");

/** Versions that no package manager knows are found by regular expressions: they must match what the code says. */
describe("renovate.json", () => {
  const { customManagers } = JSON.parse(read("renovate.json")) as {
    customManagers: { managerFilePatterns: string[]; matchStrings: string[]; depNameTemplate?: string }[];
  };
  const found = customManagers.flatMap(({ managerFilePatterns: [pattern], matchStrings: [match], depNameTemplate }) => {
    const file = pattern!.slice(2, -2).replaceAll("\\", "");
    return [...read(file).matchAll(new RegExp(match!, "g"))].map(({ groups }) => ({
      name: depNameTemplate ?? groups!.depName,
      version: groups!.currentValue,
      ...(groups!.registryUrl && { registry: groups!.registryUrl }),
    }));
  });

  it("finds the newest server, the chart and every other image of a region", () => {
    const { chart, images } = kubernetes.parse({});
    assert.deepEqual(found, [
      { name: images.nats.repository, version: testedServers.newest },
      { name: "nats", version: chart.version, registry: chart.repository },
      ...[images.reloader, images.exporter, images.box].map(({ repository, tag }) => ({
        name: repository,
        version: tag,
      })),
    ]);
  });
});
