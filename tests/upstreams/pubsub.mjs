// npm salesforce-pubsub-api-client against the sandbox's event bus: what this client accepts is what the bus must give.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { until } from '../lib/waiting.mjs';
import { bus, failure, load, order, tally, told, withFault, withSwitches } from './session.mjs';

const PubSubApiClient = load('salesforce-pubsub-api-client').default ?? load('salesforce-pubsub-api-client');
const jsforce = load('jsforce');
const tag = randomBytes(4).toString('hex'); // this run's events, on a bus that others use too
const topic = '/event/Order_Fulfilment_Requested__e';
const prefix = 'sfdc.platform.eventbus.grpc.';

const is = (seen, wanted, name) => tally.check(JSON.stringify(seen) === JSON.stringify(wanted), name, `${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const clients = [];
const client = (settings) => {
  const made = new PubSubApiClient({ pubSubEndpoint: bus.endpoint, rejectUnauthorizedSsl: false, ...settings }, quiet);
  clients.push(made);
  return made;
};
const signedOn = async (settings = {}) => {
  const made = client({
    authType: 'oauth-jwt-bearer',
    loginUrl: told.loginUrl,
    clientId: told.clientId,
    username: told.username,
    privateKey: readFileSync(told.keyFile, 'utf8'),
    ...settings,
  });
  await made.connect();
  return made;
};
const supplied = async (settings = {}) => {
  const session = await order('POST', '/salesforce/sessions');
  // This client insists on https:// in a text it only hands on.
  const made = client({ authType: 'user-supplied', accessToken: session.access_token, instanceUrl: session.instance_url.replace(/^http:/, 'https:'), ...settings });
  await made.connect();
  return made;
};

/** What a subscription was told, in order. */
class Told {
  events = [];
  errors = [];
  kinds = [];
  keepalives = [];
  statuses = [];
  callback = (info, kind, data) => {
    this.kinds.push(kind);
    if (kind === 'event') this.events.push(data);
    if (kind === 'error') this.errors.push(data);
    if (kind === 'grpcKeepAlive') this.keepalives.push(info.lastReplayId); // the client hands on nothing else
    if (kind === 'grpcStatus') this.statuses.push(data);
  };
  numbers = () => this.events.map((event) => event.payload.Line_Count__c);
  some = (count) => until(() => this.events.length >= count, `${count} events; ${this.events.length} came, ${this.errors.map(String)}`);
  end = () => until(() => this.kinds.includes('end') || this.kinds.includes('error'), 'the end of the stream');
}
/** The suffix of an error's code, and its gRPC status. */
const codeOf = (error) => [String(error?.metadata?.get('error-code')?.[0]).replace(prefix, ''), error?.code];
/** The texts of an error and of what caused it. */
const deep = (error) => (error ? `${error.message} ${deep(error.cause)}` : '');
const streams = async () => (await order('GET', '/pubsub')).streams;
const noStreams = async () => {
  await order('DELETE', '/pubsub/streams');
  await until(async () => (await streams()).length === 0, 'no streams');
};
const publish = (count, from = 1) => order('POST', '/pubsub/events', { topic, count, number_field: 'Line_Count__c', number_from: from, values: { Order_Number__c: tag } });
const listen = async (start) => {
  const heard = new Told();
  const before = new Set((await streams()).map((stream) => stream.rpc_id));
  start(heard.callback);
  await until(async () => (await streams()).some((stream) => !before.has(stream.rpc_id)), 'the stream is open');
  return heard;
};

const one = await signedOn(); // publishes; a client has one stream for a topic, so each subscription is another client's
const anew = (start) => supplied().then((made) => listen((callback) => start(made, callback)));

await tally.test('sign-on', async () => {
  const heard = await listen((callback) => one.subscribe(topic, callback, 1));
  await publish(1, 41);
  await heard.some(1);
  is([heard.events[0].payload.Line_Count__c, heard.events[0].payload.Order_Number__c], [41, tag], 'signed on by JWT bearer, an event arrives decoded');
  const other = await supplied();
  const second = await listen((callback) => other.subscribe(topic, callback, 1));
  await publish(1, 42);
  await second.some(1);
  is(second.numbers(), [42], 'a token of one’s own is as good, with the org id of 15 characters in it');
  const refused = async (settings) => {
    const stranger = client({ authType: 'user-supplied', accessToken: '00D5g0000000001!nobody', instanceUrl: told.loginUrl.replace(/^http:/, 'https:'), ...settings });
    await stranger.connect();
    const heardNothing = new Told();
    stranger.subscribe(topic, heardNothing.callback, 1);
    await heardNothing.end();
    return codeOf(heardNothing.errors[0]);
  };
  is(await refused({}), ['service.auth.error', 16], 'an unknown token is refused');
  const { access_token: good } = await order('POST', '/salesforce/sessions');
  is(await refused({ accessToken: good, organizationId: '00D000000000000' }), ['service.auth.error', 16], 'and another org');
  is(await refused({ accessToken: good, instanceUrl: 'https://elsewhere.example' }), ['service.auth.error', 16], 'and another instance');
});

await tally.test('publishing', async () => {
  const heard = await anew((made, callback) => made.subscribe(topic, callback, 100));
  const payload = (number) => ({ CreatedDate: Date.now(), CreatedById: '0055g0000000001AAA', Order_Id__c: { string: '801000000000001AAA' }, Order_Number__c: { string: tag }, Line_Count__c: { double: number }, Requested_At__c: { long: 1700000000000 } });
  const result = await one.publish(topic, payload(7), `key ${tag}`);
  is(result.correlationKey, `key ${tag}`, 'a published event comes back with its correlation key');
  await heard.some(1);
  is([heard.events[0].replayId, heard.events[0].id], [result.replayId, `key ${tag}`], 'with a replay id, which the subscriber gets too');
  is([heard.events[0].payload.Order_Id__c, Number(heard.events[0].payload.Requested_At__c)], ['801000000000001AAA', 1700000000000], 'as it was');
  const answers = [];
  await withSwitches({ publish_idle_ms: 200 }, async () => {
    await one.publishBatch(topic, [8, 9, 10].map((number) => ({ id: `batch ${number}`, payload: payload(number) })), (info, kind, data) => answers.push([kind, data]));
    await until(() => answers.some(([kind]) => kind === 'error'), 'the end of the publishing stream');
  }, 'pubsub');
  is([answers[0][0], answers[0][1].results.map((each) => each.correlationKey)], ['publishResponse', ['batch 8', 'batch 9', 'batch 10']], 'a batch is answered event by event');
  is(codeOf(answers.find(([kind]) => kind === 'error')[1]), ['publish.stream.sweeper.timeout', 4], 'a stream that publishes no more is ended');
  await heard.some(4);
  is(heard.numbers(), [7, 8, 9, 10], 'and delivered in order');
  const rest = await supplied();
  tally.check(/topic does not exist/.test(deep(await failure(rest.publish('/event/Nothing__e', {})))), 'a topic that is none is an error');
  await withFault({ vendor: 'pubsub', action: 'publish', kind: 'refuse_4xx', next: 1 }, async () =>
    tally.check((await failure(one.publish(topic, payload(1)))).message !== 'nothing failed', 'an event that is refused is an error'));
});

await tally.test('replay', async () => {
  const kept = await publish(5, 100);
  const fromId = await anew((made, callback) => made.subscribeFromReplayId(topic, callback, 3, kept.first_replay + 1));
  await fromId.some(3);
  is(fromId.numbers(), [102, 103, 104], 'a stored id is resumed behind its event');
  is(fromId.events.map((event) => event.replayId), [kept.first_replay + 2, kept.first_replay + 3, kept.first_replay + 4], 'and ids are those that were published');
  const all = (await order('GET', `/pubsub/events?topic=${encodeURIComponent(topic)}`)).events;
  const earliest = await supplied();
  const wanted = Math.min(100, all.length);
  const fromFirst = await listen((callback) => earliest.subscribeFromEarliestEvent(topic, callback, wanted));
  await fromFirst.some(wanted);
  is(fromFirst.events.map((event) => event.replayId).sort((a, b) => a - b), all.slice(0, wanted).map((event) => event.replay), 'the earliest are all that are kept');
  const refused = new Told();
  (await supplied()).subscribeFromReplayId(topic, refused.callback, 1, 12345);
  await refused.end();
  is(codeOf(refused.errors[0]), ['subscription.fetch.replayid.corrupted', 3], 'an id that is none is refused');
  tally.check(/rpcId: [0-9a-f-]{36}$/.test(refused.errors[0].details ?? ''), 'the message ends with the rpc id', refused.errors[0].details);
});

await tally.test('flow control', async () => {
  const own = await supplied();
  const heard = await listen((callback) => own.subscribe(topic, callback, 3));
  await publish(5, 200);
  await heard.some(3);
  await until(() => heard.kinds.includes('lastEvent'), 'the client says so');
  is((await streams()).find((each) => each.demand === 0 && each.delivered === 3)?.topic, topic, 'no more is sent than was asked for');
  own.requestAdditionalEvents(topic, 2);
  await heard.some(5);
  is(heard.numbers(), [200, 201, 202, 203, 204], 'more is sent when more is asked for');

  const endless = await supplied();
  const many = await listen((callback) => endless.subscribe(topic, callback));
  await publish(250, 1000);
  await many.some(250);
  // While it fetches a schema this client lets later responses overtake; that the bus keeps the order is shown elsewhere.
  is(many.numbers().sort((a, b) => a - b), Array.from({ length: 250 }, (_, i) => 1000 + i), 'without a number the client asks on, and gets each of 250 once');

  await withSwitches({ idle_end_ms: 200 }, async () => {
    const idle = await supplied();
    const short = await listen((callback) => idle.subscribe(topic, callback, 1));
    await publish(1, 300);
    await short.end();
    is([short.numbers(), short.statuses.map((each) => each.code), short.errors.length], [[300], [0], 0], 'a stream nobody asks anything of ends');
  }, 'pubsub');
  await withSwitches({ keepalive_ms: 100 }, async () => {
    const waiting = await supplied();
    const calm = await listen((callback) => waiting.subscribe(topic, callback, 2));
    await until(() => calm.keepalives.length >= 2, 'two keep-alives');
    await publish(2, 400);
    const resumed = await anew((made, callback) => made.subscribeFromReplayId(topic, callback, 2, calm.keepalives[1]));
    await resumed.some(2);
    is(resumed.numbers(), [400, 401], 'keep-alives tell an id to resume from');
  }, 'pubsub');
});

await tally.test('changes', async () => {
  const rest = new jsforce.Connection({ ...(await order('POST', '/salesforce/sessions').then((s) => ({ instanceUrl: s.instance_url, accessToken: s.access_token }))), version: '60.0', callOptions: { client: 'portal' } });
  const own = await supplied();
  const contacts = await listen((callback) => own.subscribe('/data/ContactChangeEvent', callback, 20));
  const all = await supplied();
  const everything = await listen((callback) => all.subscribe('/data/ChangeEvents', callback, 20));

  const made = await rest.sobject('Contact').create({ FirstName: 'Eva', LastName: `Change ${tag}`, MailingCity: 'Kyoto', Birthdate: '1990-02-03' });
  await contacts.some(1);
  const created = contacts.events[0].payload;
  const header = created.ChangeEventHeader;
  is([header.entityName, header.recordIds, header.changeType, header.sequenceNumber], ['Contact', [made.id], 'CREATE', 1], 'a record made over REST is a change event');
  is([header.changeOrigin, header.changedFields, header.nulledFields], ['com/salesforce/api/rest/60.0;client=portal', [], []], 'with its origin');
  tally.check(BigInt(header.commitNumber) > 2n ** 53n, 'commit numbers are beyond what a double holds', String(header.commitNumber));
  is([created.Name.FirstName, created.Name.LastName, created.MailingAddress.City], ['Eva', `Change ${tag}`, 'Kyoto'], 'compound fields are records');
  is([Number(created.Birthdate), created.Description], [Date.UTC(1990, 1, 3), null], 'days are their midnight');

  await rest.sobject('Contact').update({ Id: made.id, FirstName: 'Ada', Phone: '03-0000-0000', MailingCity: null, Birthdate: null });
  await contacts.some(2);
  const updated = contacts.events[1].payload;
  is([...updated.ChangeEventHeader.changedFields].sort(), ['Birthdate', 'LastModifiedDate', 'MailingAddress.City', 'Name.FirstName', 'Phone'], 'the client reads the bitmap of what changed');
  is([...updated.ChangeEventHeader.nulledFields].sort(), ['Birthdate', 'MailingAddress.City'], 'and of what became null');
  is([updated.Phone, updated.Email], ['03-0000-0000', null], 'values that did not change are not told');

  const both = await rest.sobject('Contact').create([{ LastName: `Twin ${tag}` }, { LastName: `Twin ${tag}` }]);
  await contacts.some(4);
  await rest.sobject('Contact').update(both.map(({ id }) => ({ Id: id, Title: 'Twin' })));
  await contacts.some(5);
  is([contacts.events[4].payload.ChangeEventHeader.recordIds, contacts.events[4].payload.Title], [both.map(({ id }) => id), 'Twin'], 'the same change of two records is one event');
  await rest.sobject('Contact').destroy(made.id);
  await contacts.some(6);
  const gone = contacts.events[5].payload;
  is([gone.ChangeEventHeader.changeType, gone.Name, gone.LastModifiedDate], ['DELETE', null, null], 'a deletion tells no values');

  const account = await rest.sobject('Account').create({ Name: `Change ${tag}` });
  await until(() => everything.events.some((event) => event.payload.ChangeEventHeader.entityName === 'Account'), 'the account');
  const names = everything.events.map((event) => event.payload.ChangeEventHeader.entityName);
  is([names.filter((name) => name === 'Contact').length, names.at(-1)], [6, 'Account'], 'the channel of all changes carries both, with the schema of each');
  is(everything.events.at(-1).payload.Name, `Change ${tag}`, 'the name of an account is a text');
  await rest.sobject('Account').update({ Id: account.id, Name: `Changed ${tag}` });
  await until(() => everything.events.at(-1).payload.ChangeEventHeader.changeType === 'UPDATE', 'the change');
  is([...everything.events.at(-1).payload.ChangeEventHeader.changedFields].sort(), ['LastModifiedDate', 'Name'], 'and marked as a field of its own');

  await order('POST', '/pubsub/changes', { entity: 'Contact', change_type: 'GAP_UPDATE', record_ids: [made.id] });
  await contacts.some(7);
  is([contacts.events[6].payload.ChangeEventHeader.changeType, contacts.events[6].payload.Name], ['GAP_UPDATE', null], 'a gap has a header only');

  const published = await anew((made, callback) => made.subscribe(topic, callback, 1));
  const sent = await rest.sobject('Order_Fulfilment_Requested__e').create({ Order_Id__c: '801000000000001AAA', Line_Count__c: 3, Requested_At__c: '2023-11-14T22:13:20Z' });
  is([sent.success, sent.errors[0].statusCode], [true, 'OPERATION_ENQUEUED'], 'an event is published over REST');
  await published.some(1);
  is([published.events[0].id, Number(published.events[0].payload.Requested_At__c)], [sent.errors[0].message, 1700000000000], 'and has the UUID that REST told');
});

await tally.test('faults', async () => {
  // A fault of events hits whichever stream is first to send one: only this one is left.
  const heard = async (fault, count, wanted, start = 500) => {
    await noStreams();
    const own = await supplied();
    return withFault({ vendor: 'pubsub', ...fault }, async () => {
      const now = await listen((callback) => own.subscribe(topic, callback, wanted));
      await publish(count, start);
      return now;
    });
  };
  const twice = await heard({ action: 'event', kind: 'repeat', after: 1, next: 1 }, 3, 4);
  await twice.some(4);
  is(twice.numbers(), [500, 501, 501, 502], 'an event comes twice');
  tally.check(twice.events[1].replayId === twice.events[2].replayId, 'with one replay id');
  const turned = await heard({ action: 'event', kind: 'reorder', next: 1 }, 3, 3);
  await turned.some(3);
  is(turned.numbers(), [501, 500, 502], 'two events change places');
  const reused = await heard({ action: 'event', kind: 'reuse_replay_id', after: 1, next: 1 }, 2, 2);
  await reused.some(2);
  is([reused.numbers(), reused.events[0].replayId === reused.events[1].replayId], [[500, 501], true], 'two events share a replay id');
  const poison = await heard({ action: 'event', kind: 'wrong_shape', after: 1, next: 1 }, 3, 3);
  await until(() => poison.events.length === 2 && poison.errors.length === 1, 'two events and an error');
  is([poison.numbers(), /Failed to parse event/.test(poison.errors[0].message)], [[500, 502], true], 'an event nobody can decode does not end the stream');
  // gRPC for Node drops messages that an error overtakes, so the error comes when the events have been seen.
  await noStreams();
  const expiring = await supplied();
  const cut = await listen((callback) => expiring.subscribe(topic, callback, 5));
  await publish(2, 500);
  await cut.some(2);
  await withFault({ vendor: 'pubsub', action: 'event', kind: 'error', code: 'service.auth.error' }, async () => {
    await publish(1, 502);
    await cut.end();
  });
  is([cut.numbers(), codeOf(cut.errors[0])], [[500, 501], ['service.auth.error', 16]], 'authentication expires in the middle of a stream');
  const torn = await heard({ action: 'stream', kind: 'reset', latency_ms: 1000 }, 1, 5);
  await torn.end();
  tally.check(torn.numbers()[0] === 500 && torn.errors.length === 1 && torn.errors[0].code !== 0, 'a stream is torn off after its time', JSON.stringify(torn.errors));
  const away = await withFault({ vendor: 'pubsub', action: 'subscribe', kind: 'error', code: 'service.unavailable' }, async () => {
    const none = new Told();
    (await supplied()).subscribe(topic, none.callback, 1);
    await none.end();
    return none;
  });
  is(codeOf(away.errors[0]), ['service.unavailable', 14], 'the service is away');
  const session = await order('POST', '/salesforce/sessions');
  const own = client({ authType: 'user-supplied', accessToken: session.access_token, instanceUrl: session.instance_url.replace(/^http:/, 'https:') });
  await own.connect();
  const live = await listen((callback) => own.subscribe(topic, callback, 5));
  await fetch(`${told.loginUrl}/services/oauth2/revoke`, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: `token=${encodeURIComponent(session.access_token)}` });
  own.requestAdditionalEvents(topic, 1);
  await live.end();
  is(codeOf(live.errors[0]), ['service.auth.error', 16], 'a revoked token ends its stream at the next request');
});

await noStreams(); // a closed client no longer listens to the errors of its streams
for (const made of clients) made.close();
