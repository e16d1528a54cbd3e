/** A process and all that it has started, ended at once, as by a machine that runs out of memory. */
import { spawnSync } from 'node:child_process';

/** The processes below one, and itself; those whose parent has gone are not found. */
function treeOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): readonly number[] =>
    pairs.flatMap(([child, of]) => (of === parent ? [child!, ...below(child!)] : []));
  return [pid, ...below(pid)];
}

/** Kills a process and all that it has started, and gives none of them time to do anything. */
export function killTree(pid: number): void {
  const tree = treeOf(pid);
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
    for (const each of tree)
      try {
        process.kill(each, signal);
      } catch {
        // It has ended meanwhile.
      }
}
