// The streams of bytes that tell strict servers from lenient ones, family by family. Bytes are Latin-1 texts here.

const kBytes = [0x01, 0x04, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1f, 0x20, 0x7f, 0xa0, 0xff];
const kChunked = '3\r\nabc\r\n0\r\n\r\n';
const kEvil = 'GET /evil HTTP/1.1\r\nHost: a\r\n\r\n';

const hex = (byte) => byte.toString(16).padStart(2, '0');
const request = (fields, rest = '', line = 'POST /a HTTP/1.1', host = 'Host: a\r\n') => `${line}\r\n${host}${fields}\r\n${rest}`;
const chunked = (rest) => request('Transfer-Encoding: chunked\r\n', rest);

/** One byte in six places around a field. */
function around(family, field, rest, line) {
  const colon = field.indexOf(':');
  const places = {
    'before the name': (c) => c + field,
    'in the name': (c) => field.slice(0, 3) + c + field.slice(3),
    'before the colon': (c) => field.slice(0, colon) + c + field.slice(colon),
    'after the colon': (c) => field.slice(0, colon + 1) + c + field.slice(colon + 1),
    'in the value': (c) => field.slice(0, colon + 3) + c + field.slice(colon + 3),
    'after the value': (c) => field + c,
  };
  const host = field.startsWith('Host') ? '' : undefined;
  return kBytes.flatMap((byte) =>
    Object.entries(places).map(([place, put]) => ({
      family,
      name: `${hex(byte)} ${place}`,
      bytes: request(`${put(String.fromCharCode(byte))}\r\n`, rest, line, host),
    })),
  );
}

function requestLines() {
  const places = {
    'before the method': (c) => `${c}POST /a HTTP/1.1`,
    'in the method': (c) => `PO${c}ST /a HTTP/1.1`,
    'after the method': (c) => `POST${c} /a HTTP/1.1`,
    'for the first space': (c) => `POST${c}/a HTTP/1.1`,
    'in the target': (c) => `POST /a?${c}b HTTP/1.1`,
    'for the second space': (c) => `POST /a${c}HTTP/1.1`,
    'after the version': (c) => `POST /a HTTP/1.1${c}`,
  };
  return kBytes.flatMap((byte) =>
    Object.entries(places).map(([place, put]) => ({
      family: 'a byte in the request line',
      name: `${hex(byte)} ${place}`,
      bytes: request('Content-Length: 3\r\n', 'abc', put(String.fromCharCode(byte))),
    })),
  );
}

function chunkLines() {
  const places = {
    'before the size': (c) => `${c}3\r\nabc\r\n0\r\n\r\n`,
    'after the size': (c) => `3${c}\r\nabc\r\n0\r\n\r\n`,
    'in the extension': (c) => `3;x${c}y\r\nabc\r\n0\r\n\r\n`,
    'after the data': (c) => `3\r\nabc${c}\r\n0\r\n\r\n`,
    'for the line end': (c) => `3${c}abc${c}0${c}${c}`,
    'for the CR': (c) => `3${c}\nabc${c}\n0${c}\n${c}\n`,
    'after the last size': (c) => `3\r\nabc\r\n0${c}\r\n\r\n`,
    'before the last line end': (c) => `3\r\nabc\r\n0\r\n${c}\r\n`,
  };
  return kBytes.flatMap((byte) =>
    Object.entries(places).map(([place, put]) => ({
      family: 'a byte in the chunked coding',
      name: `${hex(byte)} ${place}`,
      bytes: chunked(put(String.fromCharCode(byte))),
    })),
  );
}

/** Each byte of a chunked body in turn replaced, or left out. */
function chunkBytes() {
  const whole = '3;x="y\\z"\r\nabc\r\n0\r\n\r\n';
  const others = [...kBytes, ...'X;0"'].map((one) => (typeof one === 'number' ? String.fromCharCode(one) : one));
  return Array.from(whole, (_, at) =>
    ['', ...others].map((other) => ({
      family: 'another byte in the chunked coding',
      name: `byte ${at} is ${other === '' ? 'missing' : hex(other.charCodeAt(0))}`,
      bytes: chunked(whole.slice(0, at) + other + whole.slice(at + 1)),
    })),
  ).flat();
}

const codings = [
  'chunked, chunked', 'chunked,', ',chunked', 'chunked;q=1', 'chunked ;', '"chunked"', "'chunked'", 'CHUNKED', 'Chunked', 'chunke', 'chunkedd',
  'x chunked', 'chunked x', 'gzip, chunked', 'chunked, gzip', 'chunked, identity', 'identity', 'gzip', 'deflate', 'trailers', '', ' ', 'chunked\\', '\\chunked',
  'chun\tked', '\tchunked\t', '  chunked  ', '\u00e7hunked', '=?utf-8?Q?chunked?=', '%63hunked', 'chunked\0', '\0chunked', '\xa0chunked', 'chunked\xa0', '\x85chunked', '\xefchunked',
];
const lengths = [
  '+3', '-3', '-0', '+0', '3.0', '3e0', '0x3', '03', '003', '3 ', ' 3', '\t3', '3\t', '3,', ',3', '3,3', '3, 3', '3;3', '3 3', '1_0', '1,0', '"3"', '3\0', '\x003', '', ' ', 'three', '\xef\xbc\x93',
  '3\xa0', '\xa03', '3\x0b', '3h', '4294967299', '18446744073709551619', '999999999999999', '9999999999999999', '00000000000000000003', 'NaN', 'inf', '0', '00', '0 ',
];
const named = (family, list) => Object.entries(list).map(([name, bytes]) => ({ family, name, bytes }));

const hostLines = {
  'no host': request('Content-Length: 3\r\n', 'abc', 'POST /a HTTP/1.1', ''),
  'two hosts': request('Host: b\r\n'),
  'two equal hosts': request('Host: a\r\n'),
  'empty host': request('', '', 'GET /a HTTP/1.1', 'Host:\r\n'),
  'host list': request('', '', 'GET /a HTTP/1.1', 'Host: a, b\r\n'),
  'host with path': request('', '', 'GET /a HTTP/1.1', 'Host: a/evil\r\n'),
  'host with user': request('', '', 'GET /a HTTP/1.1', 'Host: a@b\r\n'),
  'host with query': request('', '', 'GET /a HTTP/1.1', 'Host: a?b\r\n'),
  'host with long port': request('', '', 'GET /a HTTP/1.1', 'Host: a:123456\r\n'),
  'folded host': request('', '', 'GET /a HTTP/1.1', 'Host: a\r\n b\r\n'),
  'v6 host': request('', '', 'GET /a HTTP/1.1', 'Host: [::1]:80\r\n'),
  'open v6 host': request('', '', 'GET /a HTTP/1.1', 'Host: [::1\r\n'),
  'absolute form': request('', '', 'GET http://a/a HTTP/1.1'),
  'absolute form of another host': request('', '', 'GET http://b/a HTTP/1.1'),
  'absolute form without path': request('', '', 'OPTIONS http://a HTTP/1.1'),
  'absolute form with user': request('', '', 'GET http://u@a/a HTTP/1.1'),
};

const twoProofs = {
  'length and coding': request('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', kChunked),
  'coding and length': request('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', kChunked),
  'length 0 and coding': request('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${kEvil}`),
  'whole length and coding': request(`Content-Length: ${kEvil.length + 5}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${kEvil}`),
  'empty coding and length': request('Transfer-Encoding:\r\nContent-Length: 3\r\n', 'abc'),
  'unknown coding and length': request('Transfer-Encoding: x\r\nContent-Length: 3\r\n', 'abc'),
  'identity and length': request('Transfer-Encoding: identity\r\nContent-Length: 3\r\n', 'abc'),
  'two equal codings': request('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', kChunked),
  'coding, then identity': request('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', kChunked),
  'coding, then empty': request('Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n', kChunked),
  'two codings in two cases': request('Transfer-Encoding: chunked\r\ntransfer-encoding: cow\r\n', kChunked),
  'two equal lengths': request('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
  'two lengths': request('Content-Length: 0\r\nContent-Length: 3\r\n', 'abc'),
  'two lengths in two cases': request('Content-Length: 3\r\ncontent-length: 0\r\n', 'abc'),
  'length and a folded coding': request('Content-Length: 3\r\nTransfer-Encoding:\r\n chunked\r\n', kChunked),
  'folded coding': request('Transfer-Encoding:\r\n\tchunked\r\n', kChunked),
  'coding folded behind': request('Transfer-Encoding: chunked\r\n , identity\r\n', kChunked),
  'fold before the first field': `POST /a HTTP/1.1\r\n Host: a\r\nContent-Length: 3\r\n\r\nabc`,
  'coding with underscore': request('Transfer_Encoding: chunked\r\n', ''),
  'length with underscore': request('Content_Length: 3\r\n', ''),
  'coding in HTTP/1.0': request('Transfer-Encoding: chunked\r\n', kChunked, 'POST /a HTTP/1.0'),
  'coding in HTTP/1.0, kept open': request('Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n', kChunked, 'POST /a HTTP/1.0'),
  'length declared hop by hop': request('Connection: content-length\r\nContent-Length: 3\r\n', 'abc'),
  'coding declared hop by hop': request('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', kChunked),
  'body of a GET': request(`Content-Length: ${kEvil.length}\r\n`, kEvil, 'GET /a HTTP/1.1'),
  'chunked body of a GET': request('Transfer-Encoding: chunked\r\n', `${kEvil.length.toString(16)}\r\n${kEvil}\r\n0\r\n\r\n`, 'GET /a HTTP/1.1'),
  'body of a HEAD': request(`Content-Length: ${kEvil.length}\r\n`, kEvil, 'HEAD /a HTTP/1.1'),
  'body of an OPTIONS': request(`Content-Length: ${kEvil.length}\r\n`, kEvil, 'OPTIONS /a HTTP/1.1'),
  'body of a DELETE': request('Transfer-Encoding: chunked\r\n', kChunked, 'DELETE /a HTTP/1.1'),
  'body without a length': request('', kEvil.slice(0, -2)),
  'upgrade to h2c': request('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n', '', 'GET /a HTTP/1.1'),
  'body that is expected': request('Expect: 100-continue\r\nContent-Length: 3\r\n', 'abc'),
  'body that is expected strangely': request('Expect: 100-continue, x\r\nContent-Length: 3\r\n', 'abc'),
};

const chunkTrophies = {
  'size 0_2e': chunked('0_2e\r\n' + 'a'.repeat(0x2e) + '\r\n0\r\n\r\n'),
  'size +': chunked('+\r\n\r\n'),
  'size +3': chunked(`+${kChunked}`),
  'size -3': chunked(`-${kChunked}`),
  'size 0x3': chunked(`0x${kChunked}`),
  'empty size': chunked('\r\n\r\n'),
  'empty size, then data': chunked(`\r\n${kChunked}`),
  'size of 16 digits': chunked(`000000000000000${kChunked}`),
  'size of 17 digits': chunked(`0000000000000000${kChunked}`),
  'size that wraps': chunked('10000000000000003\r\nabc\r\n0\r\n\r\n'),
  'size that fills 32 bits': chunked('100000003\r\nabc\r\n0\r\n\r\n'),
  'size in capitals': chunked('A\r\n0123456789\r\n0\r\n\r\n'),
  'zeros for the last': chunked('3\r\nabc\r\n000\r\n\r\n'),
  'last without its line end': chunked(`3\r\nabc\r\n0\r\n${kEvil}`),
  'data too long': chunked('3\r\nabcdef\r\n0\r\n\r\n'),
  'data too short': chunked('6\r\nabc\r\n0\r\n\r\n'),
  'data without line end': chunked('3\r\nabc0\r\n\r\n'),
  'two bytes of data for the line end': chunked('3\r\nabcXX0\r\n\r\n'),
  'extension that hides a line': chunked('3;x\nabc\r\n0\r\n\r\n'),
  'quoted line end in an extension': chunked('3;x="\r\nabc\r\n0\r\n\r\n'),
  'extension with a value': chunked('3;x=y\r\nabc\r\n0\r\n\r\n'),
  'extension with a quoted value': chunked('3;x="y z"\r\nabc\r\n0\r\n\r\n'),
  'extension with spaces': chunked('3 ; x = y\r\nabc\r\n0\r\n\r\n'),
  'empty extension': chunked('3;\r\nabc\r\n0\r\n\r\n'),
  'extension of 300 bytes': chunked(`3;${'x'.repeat(300)}\r\nabc\r\n0\r\n\r\n`),
  'trailer': chunked('3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n'),
  'trailer with a length': chunked('3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n'),
  'trailer without colon': chunked('3\r\nabc\r\n0\r\nGET /evil HTTP/1.1\r\n\r\n'),
  'last cut after CR': chunked('3\r\nabc\r\n0\r\n\r'),
  'cut in the size': chunked('3'),
  'cut in the data': chunked('5\r\nab'),
};

const lines = {
  'LF only': 'POST /a HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc',
  'CR only': 'POST /a HTTP/1.1\rHost: a\rContent-Length: 3\r\rabc',
  'CR for one line end': 'POST /a HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n',
  'LF for one line end': 'POST /a HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'LF for the empty line': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\nabc',
  'CR CR LF': 'POST /a HTTP/1.1\r\r\nHost: a\r\r\nContent-Length: 3\r\r\n\r\r\nabc',
  'CR before a name': 'POST /a HTTP/1.1\r\nHost: a\r\n\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'NUL in a value': request('X-A: 1\x002\r\n'),
  'NUL in a name': request('X-\0A: 1\r\n'),
  'no colon': request('X-A 1\r\n'),
  'no name': request(': 1\r\n'),
  'only a colon': request(':\r\n'),
  'two colons': request('X-A:: 1\r\n'),
  'bracket in a name': request('X(A): 1\r\n'),
  'letter above ASCII in a name': request('X-\xe4: 1\r\n'),
  'empty value': request('X-A:\r\n'),
  'spaces around a value': request('X-A: \t 1 \t \r\n'),
  'empty line first': `\r\n${request('')}`,
  'two empty lines first': `\r\n\r\n${request('')}`,
  'LF first': `\n${request('')}`,
  'space first': ` ${request('')}`,
  'line of spaces in the head': request('  \r\n'),
  'no version': 'GET /a\r\nHost: a\r\n\r\n',
  'HTTP/1.2': request('', '', 'GET /a HTTP/1.2'),
  'HTTP/1.10': request('', '', 'GET /a HTTP/1.10'),
  'HTTP/1.01': request('', '', 'GET /a HTTP/1.01'),
  'HTTP/01.1': request('', '', 'GET /a HTTP/01.1'),
  'HTTP/2.0': request('', '', 'GET /a HTTP/2.0'),
  'HTTP/0.9': request('', '', 'GET /a HTTP/0.9'),
  'http/1.1': request('', '', 'GET /a http/1.1'),
  'HTTP/1,1': request('', '', 'GET /a HTTP/1,1'),
  'HTTP/1': request('', '', 'GET /a HTTP/1'),
  'HTTP / 1.1': request('', '', 'GET /a HTTP / 1.1'),
  'HTTPS/1.1': request('', '', 'GET /a HTTPS/1.1'),
  'junk behind the version': request('', '', 'GET /a HTTP/1.1 x'),
  'two spaces': request('', '', 'GET  /a HTTP/1.1'),
  'no target': request('', '', 'GET  HTTP/1.1'),
  'target without slash': request('', '', 'GET a HTTP/1.1'),
  'asterisk with OPTIONS': request('', '', 'OPTIONS * HTTP/1.1'),
  'asterisk with GET': request('', '', 'GET * HTTP/1.1'),
  'fragment': request('', '', 'GET /a#b HTTP/1.1'),
  'space in the target': request('', '', 'GET /a b HTTP/1.1'),
  'backslash in the target': request('', '', 'GET /a\\b HTTP/1.1'),
  'dots in the target': request('', '', 'GET /a/../b HTTP/1.1'),
  'encoded dots in the target': request('', '', 'GET /a/%2e%2e/b HTTP/1.1'),
  'encoded line end in the target': request('', '', 'GET /a%0d%0aX:%20y HTTP/1.1'),
  'raw UTF-8 in the target': request('', '', 'GET /\xe3\x81\x82 HTTP/1.1'),
  'lower-case method': request('', '', 'get /a HTTP/1.1'),
  'unknown method': request('', '', 'BREW /a HTTP/1.1'),
  'CONNECT': request('', '', 'CONNECT a:443 HTTP/1.1'),
  'TRACE': request('', '', 'TRACE /a HTTP/1.1'),
  'TLS greeting': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a response': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'encoded word with a line end': request('X-A: =?utf-8?Q?v=0D=0AX-B:_evil?=\r\n'),
};

/** Every case: family, name, bytes (Buffer). `probes` are those of the front's own tests. */
export function allCases(probes) {
  const list = [
    ...probes.map((probe) => ({ family: 'the 45 probes', name: probe.name, bytes: Buffer.from(probe.bytes, 'hex').toString('latin1'), probe })),
    ...around('a byte around Transfer-Encoding', 'Transfer-Encoding: chunked', kChunked),
    ...around('a byte around Content-Length', 'Content-Length: 3', 'abc'),
    ...around('a byte around Host', 'Host: a', '', 'GET /a HTTP/1.1'),
    ...requestLines(),
    ...chunkLines(),
    ...chunkBytes(),
    ...codings.map((value) => ({ family: 'transfer codings', name: JSON.stringify(value), bytes: request(`Transfer-Encoding: ${value}\r\n`, kChunked) })),
    ...lengths.map((value) => ({ family: 'lengths', name: JSON.stringify(value), bytes: request(`Content-Length: ${value}\r\n`, 'abc') })),
    ...named('two proofs of a length', twoProofs),
    ...named('hosts', hostLines),
    ...named('chunks', chunkTrophies),
    ...named('lines', lines),
  ];
  return list.map((one) => ({ ...one, bytes: Buffer.from(one.bytes, 'latin1') }));
}
