/** What runs were made with: what several of them share once, and what they differ in side by side. */
import type { Json } from '../config/json.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { quantity } from './numbers.ts';

/** Settings of a run by its name. */
export interface NamedSettings {
  readonly name: string;
  readonly settings: Json;
}

/** A value at the end of a path. */
type Leaf = null | boolean | number | string;

/** Said elsewhere in the report, or the same in every file. */
const LEFT_OUT: readonly string[] = ['version', 'kind', 'name', 'seed', 'backend'];

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Settings by path, `training.batchSize` and so on; a list of plain values is one of them. */
export function flatSettings(value: Json, path = ''): ReadonlyMap<string, Leaf> {
  if (value === null || typeof value !== 'object') return new Map([[path, value]]);
  if (isList(value) && value.every((each) => each === null || typeof each !== 'object'))
    return new Map([[path, value.length === 0 ? 'none' : value.join(', ')]]);
  return new Map(
    Object.entries(value).flatMap(([key, entry]: [string, Json]) => [
      ...flatSettings(entry, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

/** What runs share, and the paths in which they differ with the value of each, undefined where it has none. */
export function comparedSettings(runs: readonly NamedSettings[]): {
  readonly shared: readonly (readonly [string, Leaf])[];
  readonly differing: readonly { readonly path: string; readonly values: readonly (Leaf | undefined)[] }[];
} {
  const maps = runs.map(({ settings }) => flatSettings(settings));
  const paths = [...new Set(maps.flatMap((map) => [...map.keys()]))].filter(
    (path) => !LEFT_OUT.includes(path),
  );
  const rows = paths.map((path) => ({ path, values: maps.map((map) => map.get(path)) }));
  const isShared = ({ values }: (typeof rows)[number]): boolean => new Set(values).size === 1;
  return {
    shared: rows.filter(isShared).map(({ path, values }) => [path, values[0]!] as const),
    differing: rows.filter((row) => !isShared(row)),
  };
}

const shown = (value: Leaf | undefined): Markup | string => {
  if (value === undefined) return '–';
  if (typeof value === 'number') return quantity(value);
  return value === null ? 'none' : String(value);
};

function sharedTable(entries: ReturnType<typeof comparedSettings>['shared'], title: string): Markup {
  if (entries.length === 0) return html``;
  return html`<details>
    <summary>${title} (${entries.length})</summary>
    <div class="facts">
      <table>
        <tbody>
          ${entries.map(
            ([path, value]) =>
              html`<tr>
                <th scope="row">${path}</th>
                <td>${shown(value)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function differingTable(
  runs: readonly NamedSettings[],
  rows: ReturnType<typeof comparedSettings>['differing'],
): Markup {
  if (rows.length === 0) return html``;
  return html`<div class="scroll">
    <table class="settings">
      <thead>
        <tr>
          <th scope="col">setting</th>
          ${runs.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ path, values }) =>
            html`<tr>
              <th scope="row">${path}</th>
              ${values.map((value) => html`<td>${shown(value)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function comparison(title: string, sharedTitle: string, runs: readonly NamedSettings[]): Markup {
  if (runs.length === 0) return html``;
  const { shared, differing } = comparedSettings(runs);
  return html`<h3>${title}</h3>
    ${differingTable(runs, differing)}
    ${sharedTable(shared, runs.length === 1 ? 'All settings' : sharedTitle)}`;
}

/** Settings of classifiers and of generators. */
export function settingsSection({ methods, stageOne }: ReportInput): Markup {
  return html`<section>
    <h2>Settings</h2>
    ${comparison(methods.length === 1 ? methods[0]!.name : 'Methods', 'What all methods share', methods)}
    ${comparison(stageOne.length === 1 ? stageOne[0]!.name : 'Stage 1', 'What all experiments of stage 1 share', stageOne)}
  </section>`;
}
