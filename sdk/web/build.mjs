// Builds the web client: shared modules and style sheet, one module per plugin, index.html with its import map.
//
//   node build.mjs --out DIR [--openapi FILE]
//
// DIR/<plugin>/ gets hashed files with .gz and .br beside them and web.json for the host; --openapi renews the API
// types from the host's document first and then checks every page against them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

process.env.NODE_ENV = 'production';

const kHere = fileURLToPath(new URL('.', import.meta.url));
const kPlugins = resolve(kHere, '../../plugins');
const kBase = (plugin) => `/assets/${plugin}/`;

// What plugin modules import by name; the import map gives each its hashed file.
const kShared = {
  react: 'virtual:react',
  'react/jsx-runtime': 'virtual:react/jsx-runtime',
  'react-dom': 'virtual:react-dom',
  '@portico/web': join(kHere, 'src/index.ts'),
  '@portico/web/forms': join(kHere, 'src/forms/index.ts'),
  '@portico/web/shell': join(kHere, 'src/shell.ts'),
};
const kFileNames = {
  react: 'react',
  'react/jsx-runtime': 'jsx',
  'react-dom': 'react-dom',
  '@portico/web': 'kit',
  '@portico/web/forms': 'forms',
  '@portico/web/shell': 'shell',
};
// Wanted by the first page whatever it is; fetched together instead of one after the other.
const kFirst = ['react', 'react/jsx-runtime', '@portico/web', '@portico/web/shell'];

const { values: options } = parseArgs({
  options: { out: { type: 'string' }, openapi: { type: 'string' } },
});
if (!options.out) fail('say where to build to: --out DIR');
if (!existsSync(join(kHere, 'node_modules/vite')))
  fail('packages are missing: run `npm ci` in sdk/web first');
const out = resolve(options.out);
const { build } = await import('vite');
const { default: tailwind } = await import('@tailwindcss/vite');

if (options.openapi) await renewTypes(resolve(options.openapi));

const plugins = readdirSync(kPlugins).filter((id) => existsSync(join(kPlugins, id, 'web/index.tsx')));
for (const id of plugins) rmSync(join(out, id), { recursive: true, force: true });

const shared = await buildShared();
const entries = {};
for (const id of plugins) entries[id] = await buildPlugin(id);
const importmapHash = writeShell(shared, entries.portal);
for (const id of plugins) {
  const about = {
    entry: entries[id],
    styles: [],
    ...(id === 'portal' ? { importmap_sha256: importmapHash } : {}),
  };
  writeFileSync(join(out, id, 'web.json'), `${JSON.stringify(about, null, 2)}\n`);
  await compressAll(join(out, id));
}
report();

function fail(message) {
  console.error(`web build: ${message}`);
  process.exit(1);
}

async function renewTypes(file) {
  const { default: openapiTypes, astToString } = await import('openapi-typescript');
  const target = join(kHere, 'src/api/types.gen.ts');
  const head = "// Generated from the host's OpenAPI document by `build.mjs --openapi`; do not edit.\n";
  const text = head + astToString(await openapiTypes(new URL(`file://${file}`)));
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
  const tsc = join(kHere, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', join(kHere, 'tsconfig.json')], { stdio: 'inherit' });
  } catch {
    fail('the pages do not match the OpenAPI document');
  }
}

// React ships CommonJS: spell its exports out so that browsers can import them by name.
function reactEntries() {
  const require = createRequire(join(kHere, 'package.json'));
  return {
    name: 'react-entries',
    resolveId: (id) => (id.startsWith('virtual:react') ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith('\0virtual:')) return null;
      const name = id.slice('\0virtual:'.length);
      const names = Object.keys(require(name)).filter((key) => key !== 'default');
      return `export { ${names.join(', ')} } from '${name}';\nexport { default } from '${name}';\n`;
    },
  };
}

function viteOptions(input, output, rest = {}) {
  return {
    root: kHere,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    base: './',
    define: { 'process.env.NODE_ENV': '"production"' },
    ...rest,
    build: {
      outDir: output,
      emptyOutDir: false,
      assetsDir: '',
      target: ['chrome111', 'firefox128', 'safari16.4'],
      cssTarget: ['chrome111', 'firefox128', 'safari16.4'],
      modulePreload: false,
      reportCompressedSize: false,
      copyPublicDir: false,
      rollupOptions: {
        input,
        preserveEntrySignatures: 'strict',
        external: rest.external,
        // "use client" means nothing outside server rendering.
        onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
        output: {
          format: 'es',
          entryFileNames: '[name]-[hash].js',
          chunkFileNames: 'shared-[hash].js',
          assetFileNames: '[name]-[hash][extname]',
        },
      },
    },
  };
}

async function buildShared() {
  const input = Object.fromEntries(Object.entries(kShared).map(([name, file]) => [kFileNames[name], file]));
  const { output } = await build(viteOptions(input, join(out, 'portal'), { plugins: [reactEntries()] }));
  const files = {};
  const deep = {};
  for (const name of Object.keys(kShared)) {
    const chunk = output.find(
      (item) => item.type === 'chunk' && item.isEntry && item.name === kFileNames[name],
    );
    files[name] = chunk.fileName;
    deep[name] = [chunk.fileName, ...chunk.imports];
  }
  // A style sheet as an entry leaves an empty script behind: built apart and the script dropped.
  const styles = await build(
    viteOptions({ portal: join(kHere, 'src/styles/portal.css') }, join(out, 'portal'), {
      plugins: [tailwind()],
    }),
  );
  const sheet = styles.output.find((item) => item.fileName.endsWith('.css')).fileName;
  for (const item of styles.output) {
    if (item.type === 'chunk') rmSync(join(out, 'portal', item.fileName), { force: true });
  }
  const chunks = new Map(output.filter((item) => item.type === 'chunk').map((item) => [item.fileName, item]));
  const first = new Set();
  const add = (file) => {
    if (first.has(file)) return;
    first.add(file);
    chunks.get(file)?.imports.forEach(add);
  };
  kFirst.forEach((name) => add(files[name]));
  return { files, first: [...first], sheet };
}

async function buildPlugin(id) {
  const { output } = await build(
    viteOptions({ index: join(kPlugins, id, 'web/index.tsx') }, join(out, id), {
      external: Object.keys(kShared),
      oxc: { jsx: { runtime: 'automatic', development: false } },
    }),
  );
  const scripts = output.filter((item) => item.type === 'chunk');
  if (scripts.length !== 1) fail(`plugin ${id} must build to one module, not ${scripts.length}`);
  return scripts[0].fileName;
}

function hashed(directory, name, content) {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 8);
  const file = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  writeFileSync(join(directory, file), content);
  return file;
}

function writeShell({ files, first, sheet }, entry) {
  const source = join(kPlugins, 'portal/web');
  const target = join(out, 'portal');
  const url = (file) => kBase('portal') + file;
  const icon = (name) => url(hashed(target, name, readFileSync(join(source, 'public', name))));
  const favicon = icon('favicon.svg');
  const icon192 = icon('icon-192.png');
  const icon512 = icon('icon-512.png');
  const manifest = readFileSync(join(source, 'public/manifest.webmanifest'), 'utf8')
    .replace('%FAVICON%', favicon)
    .replace('%ICON_192%', icon192)
    .replace('%ICON_512%', icon512);
  const importmap = JSON.stringify({
    imports: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, url(file)])),
  });
  const preloads = first.map((file) => `    <link rel="modulepreload" href="${url(file)}" />`).join('\n');
  const page = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('%EARLY%', url(hashed(target, 'early.js', readFileSync(join(source, 'early.js')))))
    .replace('%STYLES%', url(sheet))
    .replace('%FAVICON%', favicon)
    .replace('%ICON_192%', icon192)
    .replace('%MANIFEST%', url(hashed(target, 'manifest.webmanifest', manifest)))
    .replace('%IMPORTMAP%', importmap)
    .replace('%PRELOADS%', preloads)
    .replace('%ENTRY%', url(entry));
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'index.html'), page);
  // Hashed as it stands in the page, blanks and all, since that is what browsers hash.
  const inline = /<script type="importmap">([^]*?)<\/script>/.exec(page)[1];
  return `sha256-${createHash('sha256').update(inline).digest('base64')}`;
}

async function compressAll(directory) {
  const zip = promisify(gzip);
  const brotli = promisify(brotliCompress);
  for (const name of readdirSync(directory)) {
    if (!/\.(js|css|html|svg|webmanifest)$/.test(name)) continue;
    const content = readFileSync(join(directory, name));
    writeFileSync(join(directory, `${name}.gz`), await zip(content, { level: 9 }));
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    };
    writeFileSync(join(directory, `${name}.br`), await brotli(content, { params }));
  }
}

// The budget of a first visit: everything the start page loads before anyone clicks.
function report() {
  const size = (plugin, file) => readFileSync(join(out, plugin, `${file}.br`)).length;
  const script = shared.first.reduce(
    (sum, file) => sum + size('portal', file),
    size('portal', entries.portal),
  );
  const css = size('portal', shared.sheet);
  const kilobytes = (bytes) => (bytes / 1024).toFixed(1);
  for (const id of plugins)
    console.log(`web: ${id.padEnd(8)} ${entries[id]} ${kilobytes(size(id, entries[id]))} KB`);
  console.log(
    `web: forms    ${kilobytes(size('portal', shared.files['@portico/web/forms']))} KB, with the first form`,
  );
  console.log(
    `web: first load ${kilobytes(script)} KB script (limit 120), ${kilobytes(css)} KB style (limit 30)`,
  );
  if (script > 120 * 1024 || css > 30 * 1024) fail('the first load is over its budget');
}
