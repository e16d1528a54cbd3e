/** Puts what a page finds on the page: a table of losses, or the reason why there is none. */
import type { TenSteps } from './ten-steps.ts';

function cell(row: HTMLTableRowElement, kind: 'th' | 'td', text: string): void {
  row.append(Object.assign(document.createElement(kind), { textContent: text }));
}

function table({ classifier, cyclegan }: TenSteps): HTMLTableElement {
  const made = document.createElement('table');
  const heads = made.insertRow();
  for (const head of ['step', 'group DRO + CAMEL', 'CycleGAN, cycle']) cell(heads, 'th', head);
  classifier.forEach((loss, i) => {
    const row = made.insertRow();
    for (const text of [String(i + 1), loss.toFixed(6), cyclegan[i]!.toFixed(6)]) cell(row, 'td', text);
  });
  return made;
}

/** Runs `body`; a page that is done has `data-done` on its body, and its losses in full in `data-losses`. */
export async function show(body: () => Promise<TenSteps>): Promise<void> {
  const { dataset } = document.body;
  try {
    const losses = await body();
    dataset['losses'] = JSON.stringify(losses);
    document.body.append(table(losses));
  } catch (error) {
    dataset['error'] = String(error);
    document.body.append(Object.assign(document.createElement('pre'), { textContent: String(error) }));
  }
  dataset['done'] = '';
}
