import { startConsole } from "../../console/server/serve";
import type { Access } from "../../operations/access/access";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";

/** What a console is of. */
export interface Served {
  checked: CheckedEnvironment;
  access: Access;
}

/** A console in a process of its own, whose processor time and memory are its alone: it answers with its address. */
process.once("message", ({ checked, access }: Served) => {
  void startConsole(checked, { access }).then(({ url }) => process.send!(url));
});
process.once("disconnect", () => process.exit());
