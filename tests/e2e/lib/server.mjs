// Serves the built web client as the host does: hashed files, the shell's page for every path, the strict policy.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const kTypes = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

const policy = (hash) =>
  [
    "default-src 'none'",
    `script-src 'self' '${hash}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
  ].join('; ');

const kPages = [
  /^\/$/,
  /^\/dashboard$/,
  /^\/account$/,
  /^\/auth\/(login|signup|verify|forgot|set-password)$/,
  /^\/billing\/invoices(\/[^/]+)?$/,
];

/** Starts on a free port; `web` is the folder that build.mjs wrote. */
export async function serveWeb(web) {
  const about = JSON.parse(readFileSync(join(web, 'portal/web.json'), 'utf8'));
  const html = readFileSync(join(web, 'portal/index.html'));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const asset = /^\/assets\/([a-z]+)\/([\w.-]+)$/.exec(pathname);
    if (asset) {
      const file = join(web, asset[1], asset[2]);
      if (!existsSync(file)) {
        response.writeHead(404).end();
        return;
      }
      const brotli = existsSync(`${file}.br`) && (request.headers['accept-encoding'] ?? '').includes('br');
      response.writeHead(200, {
        'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream',
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
        ...(brotli ? { 'Content-Encoding': 'br' } : {}),
      });
      response.end(readFileSync(brotli ? `${file}.br` : file));
      return;
    }
    response.writeHead(kPages.some((page) => page.test(pathname)) ? 200 : 404, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': policy(about.importmap_sha256),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(html);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
