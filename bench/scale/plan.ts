import { stacks } from "../assets";
import { startProject } from "../project";
import { Closing, type Part } from "./part";

export const plan: Part = {
  of: "resources",
  what: "streams of one replica and as many durables, by the real engine, a stack for each number",
  sizes: [50, 200, 400],
  limits: [
    {
      measure: "up --refresh, s of processor time",
      at: 300,
      why: "five minutes, as an example of what a pipeline waits",
    },
  ],
  async start({ closing, log }) {
    let own = new Closing();
    closing.add(() => own.close());
    return async (count) => {
      await own.close();
      own = new Closing();
      const project = await startProject({ streams: Math.ceil(count / 2), consumers: true, replicas: 1 });
      own.add(() => project.stop());
      const create = project.run("create", false);
      log(`${count} resources are created`);
      const up = project.run("no-op", false);
      const refresh = project.run("refresh", false);
      return {
        "first up, s": create.seconds,
        "up, nothing to change, s": up.seconds,
        "up --refresh, s": refresh.seconds,
        ...(up.processor !== undefined && { "up, nothing to change, s of processor time": up.processor }),
        ...(refresh.processor !== undefined && { "up --refresh, s of processor time": refresh.processor }),
        ...(refresh.peak !== undefined && { "most memory of the provider, MB": refresh.peak / 1e6 }),
        "state, kB": project.stateBytes(stacks.assets) / 1e3,
      };
    };
  },
};
