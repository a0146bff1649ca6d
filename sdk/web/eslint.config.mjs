// Lint for the web client and its tests; run from the repository's root (`npm run lint`).
// Imports go one way: shell → plugin pages → kit; pages never import each other.
import reactHooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

const kPlugins = ['portal', 'auth', 'billing'];
const forbid = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const group = (names, message) => ({ group: names, message });

export default typescript.config(
  { ignores: ['**/node_modules/**', '**/types.gen.ts', '**/build/**'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...typescript.configs.strict, ...typescript.configs.stylistic],
    plugins: { 'react-hooks': reactHooks },
    languageOptions: { parserOptions: { tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', 400],
    },
  },
  {
    files: ['sdk/web/src/**'],
    rules: forbid([group(['**/plugins/**', '@portico/*'], 'The kit knows no plugin.')]),
  },
  {
    files: ['sdk/web/src/{api,i18n}/**'],
    rules: forbid([
      group(['**/plugins/**', '@portico/*'], 'The kit knows no plugin.'),
      group(['**/kit/*', '**/forms/*'], 'Client and texts know no component.'),
    ]),
  },
  ...kPlugins.map((id) => ({
    files: [`plugins/${id}/web/**`],
    rules: forbid([
      group(
        kPlugins.filter((other) => other !== id).map((other) => `**/${other}/web/**`),
        'Plugin pages never import each other.',
      ),
      group(['**/sdk/web/**'], 'Import the kit by its name, @portico/web.'),
      ...(id === 'portal' ? [] : [group(['@portico/web/shell'], 'That entry is for the shell only.')]),
      group(
        ['@tanstack/*', '@radix-ui/*', 'react-hook-form', 'zod', 'zod/*'],
        'The kit gives what pages need of this package.',
      ),
    ]),
  })),
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [typescript.configs.base],
    rules: { eqeqeq: 'error', 'no-unused-vars': 'off', '@typescript-eslint/no-unused-vars': 'error' },
  },
);
