import type { SeedResults } from '../../src/config/study-results.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { input, named, seedsOf } from './example-input.ts';
import { plain, visibleText } from './page-checks.ts';

export const withMethods = (...seeds: readonly SeedResults['methods'][]): ReportInput => ({
  ...input,
  methods: named(...new Set(seeds.flatMap((each) => Object.keys(each)))),
  seeds: seedsOf(...seeds),
  stageOne: [],
  translationRuns: [],
  trainingRuns: [],
});

export const tableOf = (page: string, name: string): string =>
  new RegExp(`<table class="${name}">[\\s\\S]*?</table>`).exec(page)![0];

export const rowsOf = (table: string): string[] =>
  Array.from(table.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row]) => row!);

export const textOf = (markup: string): string => plain(visibleText(markup)).trim();
