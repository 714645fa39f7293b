import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { shim } from "../../components/dynamic";
import { Consumer } from "../../components/jetstream/consumer";
import { Stream } from "../../components/jetstream/stream";
import { LocalServer, type LocalServerArgs } from "../../components/local/server";
import { Volumes, type VolumesArgs } from "../../components/storage/volumes";
import { ClusterGuard, type ClusterGuardArgs } from "../../components/supercluster/cluster-guard";
import { Objects, type ObjectsArgs } from "../../components/supercluster/objects";
import { Rollout, type RolloutArgs } from "../../components/supercluster/rollout";
import { ScaleDown, type ScaleDownArgs } from "../../components/supercluster/scale-down";
import { waitMs } from "../support/limits";
import { record } from "../support/mocks";

const project = path.join(__dirname, "..", "..");

interface Dynamic {
  make: () => pulumi.Resource;
  type: string;
  pinned: string;
  selectable: string;
  /** Methods that it does not need: a refresh leaves it as it is, no argument can be wrong. */
  without?: string[];
}

const dynamics: Record<string, Dynamic> = {
  Stream: {
    make: () => new Stream("one", { account: "covenant", name: "COVENANT_USERS", region: "iad" }),
    type: "pulumi-nodejs:dynamic/nats:Stream",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/jetstream/provider/entry.js").Stream',
    selectable: Stream.__pulumiType,
  },
  Consumer: {
    make: () =>
      new Consumer("one", { account: "covenant", stream: "COVENANT_USERS", name: "ANALYTICS", ackPolicy: "explicit" }),
    type: "pulumi-nodejs:dynamic/nats:Consumer",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/jetstream/provider/entry.js").Consumer',
    selectable: Consumer.__pulumiType,
  },
  ClusterGuard: {
    make: () => new ClusterGuard("one", { cluster: {} } as ClusterGuardArgs),
    type: "pulumi-nodejs:dynamic/kubernetes:ClusterGuard",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/supercluster/provider/entry.js").ClusterGuard',
    selectable: ClusterGuard.__pulumiType,
    without: ["read"],
  },
  Volumes: {
    make: () => new Volumes("one", { cluster: {} } as VolumesArgs),
    type: "pulumi-nodejs:dynamic/kubernetes:Volumes",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/supercluster/provider/entry.js").Volumes',
    selectable: Volumes.__pulumiType,
    without: ["read"],
  },
  ScaleDown: {
    make: () => new ScaleDown("one", { cluster: {} } as ScaleDownArgs),
    type: "pulumi-nodejs:dynamic/kubernetes:ScaleDown",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/supercluster/provider/entry.js").ScaleDown',
    selectable: ScaleDown.__pulumiType,
    without: ["check", "read"],
  },
  Objects: {
    make: () => new Objects("one", { cluster: {} } as ObjectsArgs),
    type: "pulumi-nodejs:dynamic/kubernetes:Objects",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/supercluster/provider/entry.js").Objects',
    selectable: Objects.__pulumiType,
    without: ["check", "read"],
  },
  Rollout: {
    make: () => new Rollout("one", { cluster: {} } as RolloutArgs),
    type: "pulumi-nodejs:dynamic/kubernetes:Rollout",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/supercluster/provider/entry.js").Rollout',
    selectable: Rollout.__pulumiType,
    without: ["read"],
  },
  LocalServer: {
    make: () => new LocalServer("one", { secrets: {} } as LocalServerArgs),
    type: "pulumi-nodejs:dynamic/local:Server",
    pinned: 'exports.handler=()=>require(process.cwd()+"/components/local/provider/entry.js").Server',
    selectable: LocalServer.__pulumiType,
  },
};

for (const [kind, { make, type, pinned, selectable, without = [] }] of Object.entries(dynamics)) {
  describe(`${kind}, a dynamic resource`, () => {
    it(`registers as ${type}, by which policies select it`, async () => {
      const { registrations } = await record<pulumi.Resource>(make);
      assert.deepEqual(
        registrations.map((one) => one.type),
        [type],
      );
      assert.equal(selectable, type);
    });

    // What is in deployed states is run again at refresh and delete: another text is a diff on every resource.
    it("stores its provider as one pinned line of 120 bytes at most", async () => {
      const { registrations } = await record<pulumi.Resource>(make);
      assert.equal(registrations[0]!.inputs.__provider, pinned);
      assert.ok(Buffer.byteLength(pinned) <= 120, `${Buffer.byteLength(pinned)} bytes`);
    });

    // In a process of its own, as the engine does it: entry files watch over the process they are loaded in.
    it("names in that line a file that exports a provider with every method that it needs", () => {
      const program =
        `${pinned}; console.log(Object.entries(exports.handler()).map(([key, ` +
        'value]) => key + ":" + typeof value).join(" "))';
      const methods = execFileSync(process.execPath, ["-e", program], {
        cwd: project,
        encoding: "utf8",
        timeout: waitMs,
      })
        .trim()
        .split(" ");
      const missing = ["check", "diff", "create", "read", "update", "delete"].filter(
        (method) => !methods.includes(`${method}:function`),
      );
      assert.deepEqual(missing, without);
    });
  });
}

describe("the stored line", () => {
  it("depends on nothing but the entry and the type", () => {
    assert.equal(shim({ type: "T", entry: "e.js" }), 'exports.handler=()=>require(process.cwd()+"/e.js").T');
  });
});
