/** A fault that a process is started with: `node --import planned-fault.js main.js …`, the plan in the environment. */
import { betweenFiles, type Fault } from './file-faults.ts';

/** The variable that holds a plan as JSON. */
export const PLAN = 'MODEL_PATCHING_TEST_PLAN';

/** What happens to a program, at which change of a file. */
export interface Plan {
  /** Only changes count whose `call path` matches this regular expression; all if it is left out. */
  readonly of?: string;
  /** The how many-th of them, from 1 on. */
  readonly at: number;
  /** A fault of the file system, the end of the process, or a signal to it. */
  readonly what: Fault | { readonly signal: NodeJS.Signals };
  /** Also every later one, as on a disk that stays full. */
  readonly stays?: boolean;
  /** Whether the process beside a study follows the plan too. */
  readonly beside?: boolean;
}

function follow({ of = '', at, what, stays = false }: Plan): void {
  const matches = new RegExp(of);
  let seen = 0;
  betweenFiles(({ call, path }) => {
    if (!matches.test(`${call} ${path}`)) return undefined;
    seen += 1;
    if (!(stays ? seen >= at : seen === at)) return undefined;
    if (!('signal' in what)) return what;
    process.kill(process.pid, what.signal);
    return undefined;
  });
}

const { [PLAN]: text } = process.env;
const plan = text === undefined ? undefined : (JSON.parse(text) as Plan);
const isBeside = process.argv[1]?.includes('beside-program') ?? false;
if (plan !== undefined && (!isBeside || plan.beside === true)) follow(plan);
