// A certificate authority of the test's own, made by the openssl program, and pairs it signs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

const kNames = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1';

export class Authority {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'portico-ca-'));
    this.file = join(this.folder, 'authority.pem');
    this.certificate = join(this.folder, 'certificate.pem');
    this.key = join(this.folder, 'key.pem');
    this.openssl('req', '-x509', '-days', '2', '-subj', '/CN=Test authority', ...this.newKey('authority.key'), '-out', this.file);
    this.ca = readFileSync(this.file);
    this.issue('first');
  }
  openssl(...words) {
    return execFileSync('openssl', words, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }
  newKey(file) {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(this.folder, file)];
  }
  /** Replaces certificate.pem (with its chain) and key.pem by a pair of that common name. */
  issue(name) {
    const at = (file) => join(this.folder, file);
    this.openssl('req', '-subj', `/CN=${name}`, ...this.newKey('new.key'), '-out', at('new.csr'));
    writeFileSync(at('names'), kNames);
    const signed = ['-CA', this.file, '-CAkey', at('authority.key'), '-CAcreateserial', '-days', '2', '-extfile', at('names')];
    this.openssl('x509', '-req', '-in', at('new.csr'), ...signed, '-out', at('new.pem'));
    writeFileSync(at('new.pem'), Buffer.concat([readFileSync(at('new.pem')), this.ca]));
    renameSync(at('new.key'), this.key);
    renameSync(at('new.pem'), this.certificate);
  }
  /** What a host needs to serve with it. */
  settings() {
    return { 'http.tls.certificate': this.certificate, 'http.tls.key': this.key };
  }
  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
