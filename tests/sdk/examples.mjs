// Every example in one host: each answers its route, and its failures are that request's alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, Client, startHost } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { enabled, inFolder, together } from './folders.mjs';

export const kHellos = ['hello-cpp', 'hello-c', 'hello-rust', 'hello-libcxx'];

/** A hello answers whom it should, and refuses whom it should. */
export async function checkHello(tally, client, id) {
  const hello = await client.get(`/api/${id}/Ada`);
  tally.check(hello.status === 200 && hello.json?.message === 'Hello, Ada', `${id} greets`, `${hello.status} ${hello.text}`);
  const quoted = await client.get(`/api/${id}/${encodeURIComponent('"A\\世界')}`);
  tally.check(quoted.json?.message === 'Hello, "A\\世界', `${id}: what JSON must escape is escaped`, quoted.text);
  if (id === 'hello-libcxx') return;
  const long = await client.get(`/api/${id}/${'a'.repeat(101)}`);
  tally.check(long.status === 422 && long.json?.code === `${id.replaceAll('-', '_')}.name_too_long`, `${id}: a problem is what the plugin says`, `${long.status} ${long.text}`);
}

export async function examples(tally) {
  await inFolder(async (folder) => {
    const plugins = together(join(folder, 'plugins'), join(build, 'plugins'), join(build, 'examples/plugins'));
    for (const id of kHellos) tally.check(existsSync(join(plugins, id, 'plugin.so')), `${id} is built`);
    const host = await startHost({ 'plugins.path': plugins, ...enabled(...kHellos) });
    try {
      const client = new Client(host.url);
      for (const id of kHellos) await checkHello(tally, client, id);
      const libcxx = await client.get('/api/hello-libcxx/Ada?language=xx');
      tally.check(libcxx.json?.library === 'libc++' && libcxx.json?.message === 'Hello, Ada', 'another standard library throws and catches inside', libcxx.text);
      const nobody = await client.get('/api/hello-libcxx/nobody');
      tally.check(nobody.status === 404 && nobody.json?.code === 'hello_libcxx.nobody', '… gives problems', `${nobody.status} ${nobody.text}`);
      const fault = await client.get('/api/hello-libcxx/fault');
      tally.check(fault.status === 500 && fault.json?.code === 'internal' && !fault.text.includes('only the log'), '… and faults that stay inside', `${fault.status} ${fault.text}`);
      await until(() => host.log.includes('only the log says this'), 'the log tells of the fault');
      const pages = (await client.get('/api/pages')).json;
      const module = pages.modules.find(({ id }) => id === 'hello-cpp');
      tally.check(module !== undefined && pages.pages.some(({ path }) => path === '/hello-cpp'), 'hello-cpp has its page', JSON.stringify(pages));
      const script = await client.get(module?.entry ?? '/nowhere');
      tally.check(script.status === 200 && /immutable/.test(script.headers.get('cache-control')), 'under a name with a hash', `${script.status} ${script.headers.get('cache-control')}`);
    } finally {
      tally.check((await host.stop()) === 0, 'the host ends with 0 on SIGTERM');
    }
  });
}
