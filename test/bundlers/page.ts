/** What the pages show: the losses of every step, or why there are none. */
import type { TrainedLosses } from './ten-steps.ts';

/** Numbers are printed in full, so that equal lines are equal bits. */
export function lines({ classifier, cyclegan }: TrainedLosses): string[] {
  return [
    ...classifier.map((loss, step) => `CAMEL step ${step + 1}: loss ${loss}`),
    ...Object.entries(cyclegan).map(([name, loss]) => `CycleGAN ${name}: ${loss}`),
  ];
}

/** Puts lines into the page's `<pre id="outcome">`, and how it ended into the `data-state` of the page. */
export async function show(body: () => Promise<string[]>): Promise<void> {
  const outcome = document.querySelector('#outcome')!;
  try {
    outcome.textContent = (await body()).join('\n');
    document.documentElement.dataset.state = 'done';
  } catch (error) {
    outcome.textContent = error instanceof Error ? error.message : String(error);
    document.documentElement.dataset.state = 'failed';
  }
}
