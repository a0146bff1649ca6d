// npm jsforce against the sandbox's Salesforce: what this client accepts is what the sandbox must give.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { assertion, failure, grantType, load, order, tally, told, withFault, withSwitches } from './session.mjs';

const jsforce = load('jsforce');
const tag = randomBytes(4).toString('hex'); // this run's records, in a sandbox that others use too

const is = (seen, wanted, name) => tally.check(JSON.stringify(seen) === JSON.stringify(wanted), name, `${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
const connect = async (version = '60.0') => {
  const connection = new jsforce.Connection({ loginUrl: told.loginUrl, version });
  await connection.authorize({ grant_type: grantType, assertion: assertion() });
  return connection;
};

await tally.test('sign-on', async () => {
  const connection = new jsforce.Connection({ loginUrl: told.loginUrl });
  const user = await connection.authorize({ grant_type: grantType, assertion: assertion() });
  tally.check(/^005\w{15}$/.test(user.id) && /^00D\w{15}$/.test(user.organizationId), 'authorize gives user and organisation');
  is(connection.instanceUrl, told.loginUrl, 'the instance is the sandbox');
  const identity = await connection.identity();
  is([identity.user_id, identity.username], [user.id, told.username], 'identity names the user');

  const refused = async (claims, options) => {
    const error = await failure(new jsforce.Connection({ loginUrl: told.loginUrl }).authorize({ grant_type: grantType, assertion: assertion(claims, options) }));
    return `${error.name}: ${error.message}`;
  };
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const seconds = Math.floor(Date.now() / 1000);
  is(await refused({ iss: 'nobody' }), 'invalid_client_id: client identifier invalid', 'an unknown client is refused');
  is(await refused({ sub: 'nobody@portal.example' }), "invalid_grant: user hasn't approved this consumer", 'an unknown user is refused');
  is(await refused({ aud: 'https://elsewhere.example' }), 'invalid_grant: Audience validation failed', 'another audience is refused');
  is(await refused({ exp: seconds - 10 }), 'invalid_grant: expired authorization code', 'an expired assertion is refused');
  is(await refused({ exp: (seconds + 200) * 1000 }), 'invalid_grant: expired authorization code', 'exp in milliseconds is refused');
  is(await refused({}, { key: stranger }), 'invalid_grant: invalid assertion', 'another key is refused');
  is(await refused({}, { alg: 'HS256' }), 'invalid_grant: invalid assertion', 'another algorithm is refused');
  const grant = await failure(new jsforce.Connection({ loginUrl: told.loginUrl }).authorize({ grant_type: 'password', assertion: 'x' }));
  is(grant.name, 'unsupported_grant_type', 'another grant is refused');

  await connection.logout();
  const ended = new jsforce.Connection({ instanceUrl: told.loginUrl, accessToken: '00D000000000000!ended' });
  is((await failure(ended.query('SELECT Id FROM Account'))).errorCode, 'INVALID_SESSION_ID', 'an unknown token is refused');
});

const connection = await connect();

await tally.test('queries', async () => {
  const one = await connection.query(
    "SELECT Id, Subject, Contact.Account.Name, (SELECT CommentBody FROM CaseComments WHERE IsPublished = TRUE) FROM Case WHERE Contact.Email = 'hanako@mihon.example' AND Status = 'Working'",
  );
  is([one.totalSize, one.done], [1, true], 'a condition on a parent finds the case');
  const [found] = one.records;
  is(found.Contact.Account.Name, '花子 見本', 'parents of parents are nested');
  is([found.CaseComments.totalSize, found.CaseComments.records.length], [1, 1], 'children are nested, and filtered');
  is(found.attributes.url, `/services/data/v60.0/sobjects/Case/${found.Id}`, 'records tell their address');
  is((await connection.query('SELECT COUNT() FROM Product2')).totalSize, 10, 'COUNT() counts');
  const groups = await connection.query("SELECT Portal_Category__c c, COUNT(Id) n FROM Product2 GROUP BY Portal_Category__c ORDER BY Portal_Category__c");
  is(groups.records.map((row) => [row.c, row.n]), [['Internet', 5], ['SIM', 3], ['VPN', 2]], 'GROUP BY groups');
  const prices = await connection.query("SELECT Product2.Name, UnitPrice FROM PricebookEntry WHERE Pricebook2.IsStandard = false AND UnitPrice >= 4950 ORDER BY UnitPrice DESC NULLS LAST, Id LIMIT 2 OFFSET 1");
  is(prices.records.map((row) => row.UnitPrice), [6600, 4950], 'ORDER BY, LIMIT and OFFSET');
  is(await connection.sobject('Case').count({ Status: 'Closed' }), 1, 'the builder counts');
  const built = await connection
    .sobject('Order')
    .find({ 'Account.WHMCS_Client_Id__c': '101', EffectiveDate: { $lte: jsforce.SfDate.TODAY } }, 'OrderNumber, Status')
    .include('OrderItems', {}, 'Quantity, Product2.Name').end()
    .sort({ OrderNumber: 1 });
  is(built.map((row) => [row.Status, row.OrderItems.records[0].Product2.Name]), [['Activated', 'Fiber 1 Gbps (home)'], ['Draft', 'Mobile SIM 3 GB']], 'the builder finds, includes and sorts');
  const star = await connection.sobject('Contact').findOne({ Email: 'pat@obrien.example' });
  is([star.LastName, star.FirstName], ["O'Brien", 'Pat'], 'a find without fields asks the describe');
  is((await connection.sobject('Contact').find({ LastName: "O'Brien" }, 'Id')).length, 1, 'a quote is escaped');
  // The builder leaves the backslash alone, so this text ends its literal, and what follows is read as SOQL.
  const escaped = await failure(connection.sobject('Case').find({ Subject: "x\\' OR Subject != '" }, 'Id').execute());
  is([escaped.errorCode, /OR Subject/.test(escaped.message)], ['MALFORMED_QUERY', true], 'two backslashes before a quote end the literal');
  is((await connection.query("SELECT Id FROM Case WHERE Subject LIKE '%50\\% off%'")).totalSize, 1, 'LIKE with an escaped percent sign');
});

await tally.test('pages', async () => {
  const names = Array.from({ length: 450 }, (_, i) => ({ LastName: `Page ${tag} ${String(i).padStart(3, '0')}` }));
  const made = await connection.sobject('Contact').create(names, { allowRecursive: true });
  is([made.length, made.every((one) => one.success)], [450, true], '450 records are made in three calls');
  const headers = { 'Sforce-Query-Options': 'batchSize=200' };
  const soql = `SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Page ${tag} %' ORDER BY LastName`;
  const first = await connection.query(soql, { headers });
  is([first.totalSize, first.done, first.records.length], [450, false, 200], 'the first page has 200 of 450');
  const second = await connection.queryMore(first.nextRecordsUrl);
  const third = await connection.queryMore(second.nextRecordsUrl);
  is([second.records.length, third.records.length, third.done, third.nextRecordsUrl], [200, 50, true, undefined], 'then 200, then 50');
  is(third.records[49].LastName, `Page ${tag} 449`, 'the order holds over pages');
  const all = await connection.query(soql, { headers, autoFetch: true, maxFetch: 1000 });
  is(all.records.length, 450, 'autoFetch follows the pages');
  is((await failure(connection.queryMore('01g000000000000AAA-200'))).errorCode, 'INVALID_QUERY_LOCATOR', 'an unknown locator is refused');
  const gone = await connection.sobject('Contact').destroy(made.map((one) => one.id), { allowRecursive: true });
  tally.check(gone.every((one) => one.success), 'all are deleted');
  is((await connection.query(`SELECT COUNT() FROM Contact WHERE LastName LIKE 'Page ${tag} %'`)).totalSize, 0, 'and no query finds them');
  is((await connection.query(`SELECT COUNT() FROM Contact WHERE LastName LIKE 'Page ${tag} %'`, { scanAll: true })).totalSize, 450, 'but queryAll does');
});

await tally.test('writes', async () => {
  const account = await connection.sobject('Account').findOne({ WHMCS_Client_Id__c: '102' }, 'Id');
  const contact = await connection.sobject('Contact').findOne({ Email: 'zero@sample.example' }, 'Id, AccountId');
  const made = await connection.sobject('Case').create({ Subject: `Write ${tag}`, ContactId: contact.Id, Origin: 'Web', Comments: 'first' });
  tally.check(made.success && /^500\w{15}$/.test(made.id), 'a case is created');
  const read = await connection.sobject('Case').retrieve(made.id);
  is([read.AccountId, read.Status, read.Priority, read.IsClosed], [account.Id, 'New', 'Medium', false], 'with its account and defaults');
  tally.check(/^\d{8}$/.test(read.CaseNumber) && /\.\d{3}\+0000$/.test(read.CreatedDate), 'a number, and times as Salesforce writes them');
  is((await connection.sobject('Case').update({ Id: made.id, Status: 'Closed' })).success, true, 'it is updated');
  const closed = await connection.sobject('Case').retrieve(made.id.slice(0, 15));
  tally.check(closed.IsClosed && closed.ClosedDate !== null, 'and closed; an id of 15 characters is enough');
  const both = await connection.sobject('Case').retrieve([made.id, '500000000000000AAA']);
  is([both[0].Id, both[1]], [made.id, null], 'many are read at once, unknown ones as null');

  const fresh = await connection.sobject('Contact').upsert({ Portal_User_Id__c: `a/b ${tag}`, LastName: 'Upsert', 'Account': { WHMCS_Client_Id__c: '102' } }, 'Portal_User_Id__c');
  is([fresh.success, fresh.created], [true, true], 'an upsert creates; its value may hold a slash and a blank');
  const again = await connection.sobject('Contact').upsert({ Portal_User_Id__c: `a/b ${tag}`, FirstName: 'Again' }, 'Portal_User_Id__c');
  is([again.id, again.created], [fresh.id, false], 'and updates the second time');
  const upserted = await connection.sobject('Contact').retrieve(fresh.id);
  is([upserted.Name, upserted.AccountId], ['Again Upsert', account.Id], 'a parent may be named by its external id');
  const many = await connection.sobject('Contact').upsert([{ Portal_User_Id__c: `a/b ${tag}`, Title: 'One' }, { Portal_User_Id__c: `c ${tag}`, LastName: 'Two' }], 'Portal_User_Id__c');
  is(many.map((one) => [one.success, one.created]), [[true, false], [true, true]], 'many are upserted at once');

  const items = await connection.sobject('OrderItem').create([{ Quantity: 1 }], { allOrNone: false });
  is(items[0].errors[0].statusCode, 'REQUIRED_FIELD_MISSING', 'collections tell an error for each record');
  const rolled = await connection.sobject('Contact').create([{ LastName: `Roll ${tag}` }, {}], { allOrNone: true });
  is(rolled.map((one) => one.errors[0].statusCode), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'REQUIRED_FIELD_MISSING'], 'allOrNone takes the good one back');
  is(await connection.sobject('Contact').count({ LastName: `Roll ${tag}` }), 0, 'and it is gone');

  for (const id of [fresh.id, many[1].id]) await connection.sobject('Contact').destroy(id);
  await connection.sobject('Case').destroy(made.id);
  const gone = await failure(connection.sobject('Case').retrieve(made.id));
  is(gone.errorCode, 'ENTITY_IS_DELETED', 'a deleted record says so');
  const now = new Date(Date.now() + 60_000);
  const window = [new Date(Date.now() - 600_000).toISOString(), now.toISOString()];
  tally.check((await connection.deleted('Case', ...window)).deletedRecords.some((one) => one.id === made.id), 'the list of the deleted has it');
  tally.check((await connection.updated('Account', new Date(Date.now() - 86_400_000 * 20).toISOString(), now.toISOString())).ids.length > 5, 'the list of the updated answers');
});

await tally.test('orders and events', async () => {
  const account = await connection.sobject('Account').findOne({ WHMCS_Client_Id__c: '103' }, 'Id');
  const entry = await connection.sobject('PricebookEntry').findOne({ ProductCode: 'SIM-10GB', 'Pricebook2.Name': 'Portal' }, 'Id, Pricebook2Id, UnitPrice');
  const order1 = await connection.sobject('Order').create({ AccountId: account.Id, EffectiveDate: '2026-01-31', Status: 'Draft', Pricebook2Id: entry.Pricebook2Id, Portal_Order_Id__c: `o-${tag}` });
  const empty = await failure(connection.sobject('Order').update({ Id: order1.id, Status: 'Activated' }));
  is(empty.errorCode, 'FAILED_ACTIVATION', 'an order without items is not activated');
  await connection.sobject('OrderItem').create({ OrderId: order1.id, PricebookEntryId: entry.Id, Quantity: 2, UnitPrice: entry.UnitPrice });
  is((await connection.sobject('Order').retrieve(order1.id)).TotalAmount, 3960, 'items add up');
  await connection.sobject('Order').update({ Id: order1.id, Status: 'Activated' });
  is((await connection.sobject('Order').retrieve(order1.id)).StatusCode, 'Activated', 'it is activated');
  const twice = await failure(connection.sobject('Order').create({ AccountId: account.Id, EffectiveDate: '2026-01-31', Status: 'Draft', Portal_Order_Id__c: `o-${tag}` }));
  is(twice.errorCode, 'DUPLICATE_VALUE', 'an external id is unique');
  const event = await connection.sobject('Order_Fulfilment_Requested__e').create({ Order_Id__c: order1.id, Line_Count__c: 1 });
  is([event.success, event.errors[0].statusCode], [true, 'OPERATION_ENQUEUED'], 'an event is published');
  const { changes } = await order('GET', '/salesforce/changes?since=0');
  const kinds = changes.filter((one) => one.record_id === order1.id).map((one) => one.kind);
  is([kinds[0], kinds.at(-1)], ['CREATE', 'UPDATE'], 'every write left a note');
  tally.check(changes.some((one) => one.kind === 'EVENT' && one.values.EventUuid === event.errors[0].message), 'so did the event');
});

await tally.test('describe and limits', async () => {
  const described = await connection.describe('case');
  is([described.name, described.keyPrefix], ['Case', '500'], 'describe takes any letter case');
  const status = described.fields.find((field) => field.name === 'Status');
  is([status.type, status.picklistValues.map((one) => one.value)], ['picklist', ['New', 'Working', 'Escalated', 'Closed']], 'with choices');
  const contact = described.fields.find((field) => field.name === 'ContactId');
  is([contact.referenceTo, contact.relationshipName], [['Contact'], 'Contact'], 'with references');
  tally.check(described.childRelationships.some((one) => one.relationshipName === 'CaseComments'), 'with children');
  const global = await connection.describeGlobal();
  tally.check(['Account', 'ContentVersion', 'Order_Fulfilment_Requested__e'].every((name) => global.sobjects.some((one) => one.name === name)), 'the list of objects');
  const limits = await connection.limits();
  tally.check(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max, 'limits tell what is left');
  tally.check(connection.limitInfo.apiUsage.limit === limits.DailyApiRequests.Max, 'every reply tells the usage');
  for (const version of ['50.0', '62.0']) is((await (await connect(version)).query('SELECT Id FROM Product2 LIMIT 1')).totalSize, 1, `version ${version} answers`);
  is((await failure((await connect('49.0')).query('SELECT Id FROM Product2'))).errorCode, 'NOT_FOUND', 'version 49.0 does not');
});

await tally.test('composite', async () => {
  const base = '/services/data/v60.0';
  const request = (subject) => ({
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `${base}/sobjects/Account`, referenceId: 'acct', body: { Name: `Composite ${tag}` } },
      { method: 'POST', url: `${base}/sobjects/Contact`, referenceId: 'cont', body: { LastName: 'Composite', AccountId: '@{acct.id}' } },
      { method: 'POST', url: `${base}/sobjects/Case`, referenceId: 'kase', body: { Subject: subject, ContactId: '@{cont.id}' } },
      { method: 'GET', url: `${base}/query?q=${encodeURIComponent("SELECT Account.Name FROM Case WHERE Id = '")}@{kase.id}${encodeURIComponent("'")}`, referenceId: 'look' },
    ],
  });
  const { compositeResponse: good } = await connection.requestPost(`${base}/composite`, request('fine'));
  is(good.map((one) => one.httpStatusCode), [201, 201, 201, 200], 'four calls in one');
  is(good[3].body.records[0].Account.Name, `Composite ${tag}`, 'each sees the ones before it');
  const { compositeResponse: bad } = await connection.requestPost(`${base}/composite`, request('x'.repeat(256)));
  is(bad.map((one) => one.body[0].errorCode), ['PROCESSING_HALTED', 'PROCESSING_HALTED', 'STRING_TOO_LONG', 'PROCESSING_HALTED'], 'one failure takes all back');
  is(await connection.sobject('Account').count({ Name: `Composite ${tag}` }), 1, 'and nothing stays');
  const batch = await connection.requestPost(`${base}/composite/batch`, {
    haltOnError: true,
    batchRequests: [
      { method: 'GET', url: 'v60.0/limits' },
      { method: 'GET', url: 'v60.0/sobjects/Account/001000000000000AAA' },
      { method: 'GET', url: 'v60.0/limits' },
    ],
  });
  is([batch.hasErrors, batch.results.map((one) => one.statusCode)], [true, [200, 404, 412]], 'a batch halts');
  const tree = await connection.requestPost(`${base}/composite/tree/Account`, {
    records: [{ attributes: { type: 'Account', referenceId: 'a1' }, Name: `Tree ${tag}`, Contacts: { records: [{ attributes: { type: 'Contact', referenceId: 'c1' }, LastName: 'Leaf' }] } }],
  });
  is([tree.hasErrors, tree.results.map((one) => one.referenceId)], [false, ['a1', 'c1']], 'a tree grows');
});

await tally.test('files', async () => {
  const [kase] = await connection.sobject('Case').find({ 'Contact.Email': 'hanako@mihon.example' }, 'Id').limit(1);
  const bytes = randomBytes(300_000);
  const version = await connection.sobject('ContentVersion').create(
    { PathOnClient: `photo ${tag}.png`, FirstPublishLocationId: kase.Id, VersionData: bytes.toString('base64') },
    { multipartFileFields: { VersionData: { contentType: 'image/png', filename: 'photo.png' } } },
  );
  tally.check(version.success, 'a file goes up in parts');
  const read = await connection.sobject('ContentVersion').retrieve(version.id);
  is([read.Title, read.FileType, read.ContentSize, read.VersionNumber], [`photo ${tag}`, 'PNG', 300_000, '1'], 'its facts are known');
  const chunks = [];
  for await (const chunk of connection.sobject('ContentVersion').record(version.id).blob('VersionData')) chunks.push(chunk);
  tally.check(Buffer.concat(chunks).equals(bytes), 'it comes down the same');
  const inline = await connection.sobject('ContentVersion').create({ PathOnClient: 'note.txt', ContentDocumentId: read.ContentDocumentId, VersionData: Buffer.from('inline').toString('base64') });
  is((await connection.sobject('ContentVersion').retrieve(inline.id)).VersionNumber, '2', 'a second version goes up inside JSON');
  const links = await connection.query(`SELECT ContentDocument.Title, ContentDocument.LatestPublishedVersionId FROM ContentDocumentLink WHERE LinkedEntityId = '${kase.Id}' AND Visibility = 'AllUsers'`);
  tally.check(links.records.some((one) => one.ContentDocument.LatestPublishedVersionId === inline.id), 'the case links the newest version');
  is((await failure(connection.query('SELECT Id FROM ContentDocumentLink'))).errorCode, 'MALFORMED_QUERY', 'links without an id are not listed');
});

await tally.test('errors', async () => {
  const code = async (promise) => (await failure(promise)).errorCode;
  is(await code(connection.query('SELECT Foo FROM Account')), 'INVALID_FIELD', 'an unknown field');
  is(await code(connection.query('SELECT Id FROM Unknown')), 'INVALID_TYPE', 'an unknown object');
  is(await code(connection.query("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'")), 'MALFORMED_QUERY', 'AND and OR on one level');
  is(await code(connection.query("SELECT Id FROM Case WHERE CreatedDate > '2024-01-01T00:00:00Z'")), 'INVALID_FIELD', 'a date in quotes');
  is(await code(connection.sobject('Nothing').create({ A: 1 })), 'NOT_FOUND', 'an unknown resource');
  is(await code(connection.sobject('Contact').create({ FirstName: 'No' })), 'REQUIRED_FIELD_MISSING', 'a missing field');
  is(await code(connection.sobject('Contact').create({ LastName: 'No', Email: 'not an email' })), 'INVALID_EMAIL_ADDRESS', 'a bad address');
  is(await code(connection.sobject('Case').create({ CaseNumber: '1' })), 'INVALID_FIELD_FOR_INSERT_UPDATE', 'a field that is only read');
  is(await code(connection.sobject('Account').create({ Name: 'x', Portal_Status__c: 'Odd' })), 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', 'a value outside the list');
  is(await code(connection.sobject('Case').create({ Nope: 1 })), 'INVALID_FIELD', 'a column that does not exist');
  const large = await failure(connection.sobject('Case').create({ Subject: 's'.repeat(300) }));
  is([large.errorCode, large.data.fields], ['STRING_TOO_LONG', ['Subject']], 'a long text names its field');
  const several = [1, 2].map((n) => ({ AccountId: null, EffectiveDate: '2026-01-01', Status: 'Draft', Name: `${n}` }));
  const account = await connection.sobject('Account').findOne({ WHMCS_Client_Id__c: '106' }, 'Id');
  for (const one of several) await connection.sobject('Order').create({ ...one, AccountId: account.Id, WHMCS_Order_Id__c: `dup-${tag}` });
  is((await failure(connection.sobject('Order').upsert({ WHMCS_Order_Id__c: `dup-${tag}`, Name: 'x' }, 'WHMCS_Order_Id__c'))).name, 'MULTIPLE_CHOICES', 'an external id of two records');
  is((await failure(connection.requestGet(`/services/data/v60.0/query?q=${'x'.repeat(16_100)}`))).name, 'URI_TOO_LONG', 'a URI that is too long');
  is((await failure(connection.request({ method: 'PUT', url: '/services/data/v60.0/sobjects/Case', body: '{}', headers: { 'content-type': 'application/json' } }))).errorCode, 'METHOD_NOT_ALLOWED', 'a method that is not allowed');
  await withSwitches({ duplicate_rule: 'alert' }, async () => {
    const contact = { LastName: 'Twin', Email: 'jane@placeholder.example' };
    const found = await failure(connection.sobject('Contact').create(contact));
    is([found.errorCode, found.data.duplicateResult.allowSave], ['DUPLICATES_DETECTED', true], 'a duplicate is told');
    const saved = await connection.sobject('Contact').create(contact, { headers: { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' } });
    tally.check(saved.success, 'and saved when the caller insists');
    await connection.sobject('Contact').destroy(saved.id);
  });
});

await tally.test('faults', async () => {
  const limited = await withFault({ action: 'query', kind: 'error', code: 'concurrent_limit', next: 1 }, () => failure(connection.query('SELECT Id FROM Case')));
  is([limited.errorCode, limited.message], ['REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'], 'too many calls at once');
  await withSwitches({ daily_api_requests: 1 }, async () => {
    is((await failure(connection.query('SELECT Id FROM Case'))).message, 'TotalRequests Limit exceeded.', 'too many calls a day');
  });
  const made = await connection.sobject('Account').create({ Name: `Fault ${tag}` });
  await withFault({ action: 'update', kind: 'error', code: 'lock_row', next: 2 }, async () => {
    const rename = () => connection.sobject('Account').update({ Id: made.id, Name: `Fault ${tag}!` });
    is([(await failure(rename())).errorCode, (await failure(rename())).errorCode], ['UNABLE_TO_LOCK_ROW', 'UNABLE_TO_LOCK_ROW'], 'a locked row, twice');
    tally.check((await rename()).success, 'and free again');
  });
  await withFault({ action: 'create', kind: 'cut_body', next: 1 }, async () => {
    // With a plain client: jsforce never settles its promise when a body breaks off.
    const cut = fetch(`${told.loginUrl}/services/data/v60.0/sobjects/Account`, {
      method: 'POST',
      headers: { authorization: `Bearer ${connection.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ Name: `Cut ${tag}` }),
    }).then((answer) => answer.text());
    tally.check((await failure(cut)).message !== 'nothing failed', 'an answer that breaks off');
  });
  is(await connection.sobject('Account').count({ Name: `Cut ${tag}` }), 1, 'after the commit');
  await withFault({ action: 'query', kind: 'down', next: 1 }, async () => {
    is((await connection.query('SELECT COUNT() FROM Product2')).totalSize, 10, 'one 503: the client asks again by itself');
  });
  const page = await withFault({ action: 'create', kind: 'http_500_html', next: 1 }, () => failure(connection.sobject('Account').create({ Name: 'x' })));
  tally.check(/HTML/.test(page.message) || page.name === 'ERROR_HTTP_500', 'a page instead of JSON', page.message);

  let renewed = 0;
  const lasting = new jsforce.Connection({
    instanceUrl: connection.instanceUrl,
    accessToken: connection.accessToken,
    version: '60.0',
    refreshFn: async (self, callback) => {
      renewed += 1;
      const other = await connect();
      callback(null, other.accessToken);
    },
  });
  await withFault({ action: 'query', kind: 'error', code: 'session_expired', next: 1 }, async () => {
    is([(await lasting.query('SELECT COUNT() FROM Product2')).totalSize, renewed], [10, 1], 'an expired session is renewed once');
  });
  await order('DELETE', '/salesforce/sessions');
  is([(await lasting.query('SELECT COUNT() FROM Product2')).totalSize, renewed], [10, 2], 'and when every session has ended');
});
