import { readFileSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const effects = [
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'The core draws from src/random only.',
  },
  {
    selector: "MemberExpression[object.name='Date'], NewExpression[callee.name='Date']",
    message: 'The core has no clock.',
  },
  {
    selector: 'MemberExpression[property.name=/^(dataSync|arraySync|print)$/]',
    message: 'The core never waits for a tensor to be read back.',
  },
  {
    selector: "CallExpression > MemberExpression[property.name='setBackend']",
    message: 'The core never chooses a backend.',
  },
];

/** Forbidden everywhere in the core but in src/training. */
const readBack = {
  selector: 'CallExpression > MemberExpression.callee[property.name=/^(data|array)$/]',
  message: "Of the core's folders only src/training reads tensors back.",
};
const hostGlobals = ['process', 'Buffer', 'performance', 'setTimeout'];

/** What each folder of src may import beside itself; files directly below src and the small rooms are the core. */
const ROOMS = JSON.parse(readFileSync(new URL('test/rooms.json', import.meta.url), 'utf8'));
/** Folders that may use Node; the others run in browsers too. */
const NODE_ROOMS = ['system', 'compile', 'backends', 'streams', 'runs', 'weight-files', 'experiment', 'cli'];
const OTHER_ROOMS = Object.keys(ROOMS).filter((room) => room !== 'core');

const forbid = (...groups) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: groups.map((group) => ({
        regex: group,
        message: 'Imports point one way, from the programs down to the core: see test/rooms.json.',
      })),
    },
  ],
});
/** Other rooms that a room may not import. */
const roomsExcept = (room) => {
  const may = [room, ...ROOMS[room]];
  return `^\\.\\.?/(?:.*/)?(${OTHER_ROOMS.filter((other) => !may.includes(other)).join('|')})/`;
};
const submodulePaths = '^(fp-ts|io-ts)/';
const anIndex = '(^|/)index\\.(ts|js)$';
const nodeBuiltins = '^node:';

export default tseslint.config(
  { ignores: ['dist', 'docs/api', 'experiments', 'coverage', 'src/**/*_pb.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', '.ci/*.mjs', 'docs/site/*.mjs'] },
      },
    },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  { files: ['examples/**', '*.js', '.ci/**', 'test/**'], rules: { 'no-console': 'off' } },
  { files: ['src/**'], rules: forbid(submodulePaths, anIndex) },
  {
    files: ['src/**'],
    ignores: ['src/index.ts', 'src/node.ts', ...OTHER_ROOMS.map((room) => `src/${room}/**`)],
    rules: {
      ...forbid(submodulePaths, anIndex, nodeBuiltins, roomsExcept('core')),
      'no-restricted-syntax': ['error', ...effects, readBack],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
  ...OTHER_ROOMS.map((room) => ({
    files: [`src/${room}/**`],
    rules: forbid(
      submodulePaths,
      anIndex,
      ...(NODE_ROOMS.includes(room) ? [] : [nodeBuiltins]),
      roomsExcept(room),
    ),
  })),
  {
    files: ['src/training/**'],
    rules: {
      'no-restricted-syntax': ['error', ...effects],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
  {
    files: ['src/report/**'],
    rules: {
      'no-restricted-syntax': ['error', ...effects, readBack],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
);
