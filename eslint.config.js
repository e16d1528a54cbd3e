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

/** Imports point one way: core <- training <- data <- config <- node <- examples, core <- wasm <- node. */
const forbid = (...groups) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: groups.map((group) => ({
        regex: group,
        message:
          'Imports point one way: core <- training <- data <- config <- node <- examples, core <- wasm <- node.',
      })),
    },
  ],
});
const submodulePaths = '^(fp-ts|io-ts)/';
const anIndex = '(^|/)index\\.(ts|js)$';
const nodeBuiltins = '^node:';

export default tseslint.config(
  { ignores: ['dist', 'docs/api', 'experiments', 'coverage', 'src/**/*_pb.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', '.ci/*.mjs'] } },
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
    ignores: [
      'src/index.ts',
      'src/training/**',
      'src/data/**',
      'src/config/**',
      'src/report/**',
      'src/wasm/**',
      'src/node/**',
    ],
    rules: {
      ...forbid(submodulePaths, anIndex, nodeBuiltins, '/(training|data|config|report|wasm|node)/'),
      'no-restricted-syntax': ['error', ...effects, readBack],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
  {
    files: ['src/training/**'],
    rules: {
      ...forbid(submodulePaths, anIndex, nodeBuiltins, '/(data|config|report|wasm|node)/'),
      'no-restricted-syntax': ['error', ...effects],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
  {
    files: ['src/data/**'],
    rules: forbid(submodulePaths, anIndex, nodeBuiltins, '/(config|report|wasm|node)/'),
  },
  {
    files: ['src/config/**'],
    rules: forbid(submodulePaths, anIndex, nodeBuiltins, '/(report|wasm|node)/'),
  },
  {
    files: ['src/report/**'],
    rules: {
      ...forbid(submodulePaths, anIndex, nodeBuiltins, '/(training|data|wasm|node)/'),
      'no-restricted-syntax': ['error', ...effects, readBack],
      'no-restricted-globals': ['error', ...hostGlobals],
    },
  },
  {
    files: ['src/wasm/**'],
    rules: forbid(submodulePaths, anIndex, nodeBuiltins, '/(training|data|config|report|node)/'),
  },
);
