import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';
let programs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'program-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs TypeScript as a program; `onOutput` may send it signals or stop reading. */
async function run(
  code: string,
  onOutput: (text: string, signal: (name: NodeJS.Signals) => void, stopReading: () => void) => void = () =>
    undefined,
): Promise<Ended> {
  const file = join(folder, `program${programs++}.mts`);
  await writeFile(file, code.replaceAll('#', join(root, 'src')));
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', file], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += String(text);
    onOutput(
      String(text),
      (name) => child.kill(name),
      () => child.stdout.destroy(),
    );
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += String(text);
  });
  const ended = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code: ended, stdout, stderr };
}

const main = (body: string): string => `
  import { readFile, mkdir } from 'node:fs/promises';
  import { orExit, ProgramError, runProgram } from '#/system/program.ts';
  await runProgram('camel', async () => { ${body} });`;

describe.concurrent('a program', () => {
  it.each([
    [
      'a failed run',
      "throw new ProgramError('loss is not finite at step 3', 1);",
      1,
      'camel: loss is not finite at step 3',
    ],
    [
      'bad input',
      "throw new ProgramError('--seed: expected an integer, found x; correct it', 2);",
      2,
      'camel: --seed: expected an integer, found x; correct it',
    ],
    ['a stop in good order', "throw new ProgramError('stopped', 75);", 75, 'camel: stopped'],
    [
      'bad data',
      "orExit({ _tag: 'Left', left: { where: 'labels', expected: '8 bytes', found: '3', cure: 'fetch it again' } });",
      2,
      'camel: labels: expected 8 bytes, found 3; fetch it again',
    ],
    [
      'a missing file',
      "await readFile('/no/such/file');",
      2,
      'camel: /no/such/file: expected a file or folder that can be used, found no such file or directory (ENOENT, open); check the path, its rights and the free space',
    ],
    [
      'a path below a file',
      "await mkdir('/dev/null/x', { recursive: true });",
      2,
      /^camel: \/dev\/null.*: expected a file or folder that can be used, found not a directory \(ENOTDIR, mkdir\); check [^\n]*$/,
    ],
    [
      'a full disk, which Node reports without the path',
      "throw Object.assign(new Error('ENOSPC: no space left on device, write'), { errno: -28, code: 'ENOSPC', syscall: 'write' });",
      2,
      'camel: a file: expected a file or folder that can be used, found no space left on device (ENOSPC, write); check the path, its rights and the free space',
    ],
  ])('ends after %s with its exit code and one line', async (_, body, code, message) => {
    const ended = await run(main(body));
    expect(ended.stderr).toMatch(/^[^\n]*\n$/);
    expect(ended.stderr.trimEnd()).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it('ends with 0 and what it wrote when all went well', async () => {
    expect(await run(main("process.stdout.write(String(orExit({ _tag: 'Right', right: 7 })));"))).toEqual({
      code: 0,
      stdout: '7',
      stderr: '',
    });
  });

  it('goes on when its reader leaves', async () => {
    const ended = await run(
      main(`
        process.stdout.write('ready');
        const left = new Promise((resolve) => process.stdout.once('close', resolve));
        const talking = setInterval(() => process.stdout.write('and on'), 5);
        await left;
        clearInterval(talking);
        throw new ProgramError('stopped', 75);`),
      (_text, _signal, stopReading) => stopReading(),
    );
    // A slow reader sees some of the talking before it leaves.
    expect(ended.stdout).toMatch(/^ready(?:and on)*$/);
    expect(ended).toMatchObject({ code: 75, stderr: 'camel: stopped\n' });
  });

  it('shows the stack of a mistake of its own', async () => {
    const { code, stderr } = await run(main('await null; undefined.x;'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^camel: TypeError: Cannot read properties of undefined[^]*program\d+\.mts:\d+/);
  });
});

const waiting = (body: string): string => `
  import { listenForInterruption } from '#/system/interruption.ts';
  const interruption = listenForInterruption((signal) => console.log('asked by ' + signal));
  console.log('ready');
  const alive = setInterval(() => { ${body} }, 5);`;

describe.concurrent('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s asks once for a stop, which the program makes',
    async (signal) => {
      const ended = await run(
        waiting("if (interruption.requested()) { clearInterval(alive); console.log('saved'); }"),
        (text, send) => text.includes('ready') && send(signal),
      );
      expect(ended).toEqual({ code: 0, stdout: `ready\nasked by ${signal}\nsaved\n`, stderr: '' });
    },
  );

  it('twice ends it at once with 75', async () => {
    const ended = await run(waiting(''), (text, send) => {
      if (text.includes('ready')) send('SIGINT');
      if (text.includes('asked')) send('SIGTERM');
    });
    expect(ended).toEqual({ code: 75, stdout: 'ready\nasked by SIGINT\n', stderr: '' });
  });

  it('is Node’s again after dispose', async () => {
    const ended = await run(
      `import { listenForInterruption } from '#/system/interruption.ts';
       listenForInterruption().dispose(); console.log('ready'); setInterval(() => 0, 1000);`,
      (_, send) => send('SIGINT'),
    );
    expect(ended).toEqual({ code: null, stdout: 'ready\n', stderr: '' });
  });
});
