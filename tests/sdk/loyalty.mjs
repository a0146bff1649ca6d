// examples/loyalty in a whole portal: somebody goes to pay, the invoice is paid, the points arrive once.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build, Client, forgetOwner, root, startHost, status } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { enabled, inFolder, together } from './folders.mjs';

async function paidAtTheBillingSystem(invoice) {
  const { url, identifier, secret } = status.sandbox.whmcs;
  const answer = await fetch(`${url}/includes/api.php`, {
    method: 'POST',
    body: new URLSearchParams({ action: 'AddInvoicePayment', responsetype: 'json', identifier, secret, invoiceid: invoice, transid: `loyalty-${invoice}`, gateway: 'stripe' }),
  });
  const said = await answer.json();
  if (said.result !== 'success') throw new Error(`AddInvoicePayment: ${JSON.stringify(said)}`);
}

export async function loyalty(tally) {
  await inFolder(async (folder) => {
    const plugins = together(join(folder, 'plugins'), join(build, 'plugins'));
    symlinkSync(join(build, 'examples/plugins/loyalty'), join(plugins, 'loyalty'));
    const migrations = together(join(folder, 'migrations'), join(root, 'migrations'));
    symlinkSync(join(root, 'examples/loyalty/migrations'), join(migrations, 'loyalty'));
    const host = await startHost({ 'plugins.path': plugins, ...enabled('loyalty'), 'plugins.loyalty.percent': '2', 'migrations.path': migrations, 'migrations.at_start': 'true' });
    try {
      const person = new Client(host.url);
      await person.post('/api/auth/login', status.samples[0]);
      const other = new Client(host.url);
      await other.post('/api/auth/login', status.samples[1]);
      const before = await person.get('/api/loyalty');
      if (!tally.check(before.status === 200, 'loyalty answers who is signed in', `${before.status} ${before.text}\n${host.log.slice(-2000)}`)) return;
      tally.check((await new Client(host.url).get('/api/loyalty')).status === 401, '… and nobody else');

      const [invoice] = (await person.get('/api/invoices?status=unpaid')).json.items;
      const link = await person.post(`/api/invoices/${invoice.id}/sso-link`, { target: 'pay' });
      tally.check(link.status === 200, 'the person goes to pay', `${link.status} ${link.text}\n${host.log.slice(-1500)}`);
      await until(() => /loyalty\.not_paid_yet/.test(host.log), 'the job has looked at the unpaid invoice');
      tally.check((await person.get('/api/loyalty')).json.credits.every(({ invoice_id }) => invoice_id !== invoice.id), 'going to pay is no payment');

      await paidAtTheBillingSystem(invoice.id);
      const credit = await until(async () => (await person.get('/api/loyalty')).json.credits.find(({ invoice_id }) => invoice_id === invoice.id), 'the points are there', 60_000);
      tally.check(credit.points === Math.floor((invoice.total.amount_minor * 2) / 100), 'the points are the share that the settings say', JSON.stringify([credit, invoice]));
      tally.check(/^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(credit.credited_at), 'with the time of the credit', credit.credited_at);
      tally.check((await other.get('/api/loyalty')).json.credits.every(({ invoice_id }) => invoice_id !== invoice.id), 'nobody sees the points of somebody else');
      const pages = (await person.get('/api/pages')).json;
      tally.check(pages.cards.some(({ id }) => id === 'loyalty.balance') && pages.modules.some(({ id }) => id === 'loyalty'), 'its card and page are there', JSON.stringify(pages));
    } finally {
      tally.check((await host.stop()) === 0, 'the host ends with 0 on SIGTERM', host.log.slice(-1500));
      forgetOwner('loyalty');
    }
  });
}
