/** Handshake messages of TLS (RFC 5246, RFC 8446), for TLS, DTLS and QUIC. */
import type { Cursor } from '../cursor.ts';
import { variable } from '../declare.ts';
import { hex } from '../format.ts';
import type { FieldDeclaration } from '../protocol.ts';
import { EXTENSIONS, GROUPS, HANDSHAKES, SUITES } from './tls-names.ts';

export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
const NEW_SESSION_TICKET = 4;
const CERTIFICATE = 11;
export const VERSIONS = {
  2: 'SSL 2.0',
  768: 'SSL 3.0',
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
  65279: 'DTLS 1.0',
  65277: 'DTLS 1.2',
} as const;
const COMPRESSIONS = { 0: 'null', 1: 'DEFLATE', 64: 'LZS' } as const;
const POINT_FORMATS = { 0: 'uncompressed', 1: 'ansiX962_compressed_prime', 2: 'ansiX962_compressed_char2' } as const;
const EXT_SERVER_NAME = 0;
const EXT_STATUS = 5;
const EXT_GROUPS = 10;
const EXT_POINTS = 11;
const EXT_SIGNATURES = 13;
const EXT_ALPN = 16;
const EXT_VERSIONS = 43;
const EXT_PSK_MODES = 45;
const EXT_KEY_SHARE = 51;

/** The fields of handshake messages; TLS and DTLS have the same under different names. */
export class HandshakeFields {
  readonly type: FieldDeclaration;
  readonly length: FieldDeclaration;
  readonly version: FieldDeclaration;
  readonly random: FieldDeclaration;
  readonly sessionIdLength: FieldDeclaration;
  readonly sessionId: FieldDeclaration;
  readonly suitesLength: FieldDeclaration;
  readonly suite: FieldDeclaration;
  readonly methodsLength: FieldDeclaration;
  readonly method: FieldDeclaration;
  readonly extensionsLength: FieldDeclaration;
  readonly extensionType: FieldDeclaration;
  readonly extensionLength: FieldDeclaration;
  readonly nameListLength: FieldDeclaration;
  readonly nameType: FieldDeclaration;
  readonly nameLength: FieldDeclaration;
  readonly name: FieldDeclaration;
  readonly alpnLength: FieldDeclaration;
  readonly alpnStringLength: FieldDeclaration;
  readonly alpnString: FieldDeclaration;
  readonly groupsLength: FieldDeclaration;
  readonly group: FieldDeclaration;
  readonly pointsLength: FieldDeclaration;
  readonly point: FieldDeclaration;
  readonly signaturesLength: FieldDeclaration;
  readonly signature: FieldDeclaration;
  readonly supportedLength: FieldDeclaration;
  readonly supported: FieldDeclaration;
  readonly shareLength: FieldDeclaration;
  readonly shareGroup: FieldDeclaration;
  readonly shareKeyLength: FieldDeclaration;
  readonly shareKey: FieldDeclaration;
  readonly selectedGroup: FieldDeclaration;
  readonly ticketLifetime: FieldDeclaration;
  readonly ticketLength: FieldDeclaration;
  readonly ticket: FieldDeclaration;
  readonly certificatesLength: FieldDeclaration;
  readonly certificateLength: FieldDeclaration;
  readonly certificate: FieldDeclaration;

  constructor(prefix: string) {
    const h = `${prefix}.handshake.`;
    const x = `${h}extensions_`;
    this.type = variable(`${h}type`, 'Handshake Type', 'uint8', { names: HANDSHAKES });
    this.length = variable(`${h}length`, 'Length', 'uint32');
    this.version = variable(`${h}version`, 'Version', 'uint16', { hex: true, names: VERSIONS });
    this.random = variable(`${h}random`, 'Random', 'bytes');
    this.sessionIdLength = variable(`${h}session_id_length`, 'Session ID Length', 'uint8');
    this.sessionId = variable(`${h}session_id`, 'Session ID', 'bytes');
    this.suitesLength = variable(`${h}cipher_suites_length`, 'Cipher Suites Length', 'uint16');
    this.suite = variable(`${h}ciphersuite`, 'Cipher Suite', 'uint16', { hex: true, names: SUITES });
    this.methodsLength = variable(`${h}comp_methods_length`, 'Compression Methods Length', 'uint8');
    this.method = variable(`${h}comp_method`, 'Compression Method', 'uint8', { names: COMPRESSIONS });
    this.extensionsLength = variable(`${h}extensions_length`, 'Extensions Length', 'uint16');
    this.extensionType = variable(`${h}extension.type`, 'Type', 'uint16', { names: EXTENSIONS });
    this.extensionLength = variable(`${h}extension.len`, 'Length', 'uint16');
    this.nameListLength = variable(`${x}server_name_list_len`, 'Server Name list length', 'uint16');
    this.nameType = variable(`${x}server_name_type`, 'Server Name Type', 'uint8', { names: { 0: 'host_name' } });
    this.nameLength = variable(`${x}server_name_len`, 'Server Name length', 'uint16');
    this.name = variable(`${x}server_name`, 'Server Name', 'string');
    this.alpnLength = variable(`${x}alpn_len`, 'ALPN Extension Length', 'uint16');
    this.alpnStringLength = variable(`${x}alpn_str_len`, 'ALPN string length', 'uint8');
    this.alpnString = variable(`${x}alpn_str`, 'ALPN Next Protocol', 'string');
    this.groupsLength = variable(`${x}supported_groups_length`, 'Supported Groups List Length', 'uint16');
    this.group = variable(`${x}supported_group`, 'Supported Group', 'uint16', { hex: true, names: GROUPS });
    this.pointsLength = variable(`${x}ec_point_formats_length`, 'EC point formats Length', 'uint8');
    this.point = variable(`${x}ec_point_format`, 'EC point format', 'uint8', { names: POINT_FORMATS });
    this.signaturesLength = variable(`${h}sig_hash_alg_len`, 'Signature Hash Algorithms Length', 'uint16');
    this.signature = variable(`${h}sig_hash_alg`, 'Signature Algorithm', 'uint16', { hex: true });
    this.supportedLength = variable(`${h}extensions.supported_versions_len`, 'Supported Versions length', 'uint8');
    this.supported = variable(`${h}extensions.supported_version`, 'Supported Version', 'uint16', {
      hex: true,
      names: VERSIONS,
    });
    this.shareLength = variable(`${x}key_share_client_length`, 'Client Key Share Length', 'uint16');
    this.shareGroup = variable(`${x}key_share_group`, 'Group', 'uint16', { names: GROUPS });
    this.shareKeyLength = variable(`${x}key_share_key_exchange_length`, 'Key Exchange Length', 'uint16');
    this.shareKey = variable(`${x}key_share_key_exchange`, 'Key Exchange', 'bytes');
    this.selectedGroup = variable(`${x}key_share_selected_group`, 'Selected Group', 'uint16', { names: GROUPS });
    this.ticketLifetime = variable(`${h}session_ticket_lifetime_hint`, 'Session Ticket Lifetime Hint', 'uint32');
    this.ticketLength = variable(`${h}session_ticket_length`, 'Session Ticket Length', 'uint16');
    this.ticket = variable(`${h}session_ticket`, 'Session Ticket', 'bytes');
    this.certificatesLength = variable(`${h}certificates_length`, 'Certificates Length', 'uint32');
    this.certificateLength = variable(`${h}certificate_length`, 'Certificate Length', 'uint32');
    this.certificate = variable(`${h}certificate`, 'Certificate', 'bytes');
  }

  /** All of them, for the protocol's list. */
  all(): FieldDeclaration[] {
    return Object.values(this);
  }
}

/** What a hello says that others need: the version that was chosen. */
export interface HelloFacts {
  version: number;
}

/** A handshake message whose four bytes of head are behind the cursor. */
export function handshakeBody(c: Cursor, f: HandshakeFields, type: number, facts: HelloFacts, dtls = false): void {
  switch (type) {
    case CLIENT_HELLO:
      clientHello(c, f, facts, dtls);
      break;
    case SERVER_HELLO:
      serverHello(c, f, facts);
      break;
    case NEW_SESSION_TICKET:
      c.number(4, f.ticketLifetime);
      c.bytes(c.number(2, f.ticketLength), f.ticket);
      break;
    case CERTIFICATE:
      certificates(c, f);
      break;
    default:
      break;
  }
}

function clientHello(c: Cursor, f: HandshakeFields, facts: HelloFacts, dtls: boolean): void {
  facts.version = c.number(2, f.version);
  c.bytes(32, f.random);
  sessionId(c, f);
  if (dtls) {
    c.skip(c.number(1));
  }
  const suites = c.number(2, f.suitesLength);
  const list = c.within(suites);
  c.group(
    () => `Cipher Suites (${suites >> 1} suite${suites === 2 ? '' : 's'})`,
    () => {
      while (list.left >= 2) {
        list.number(2, f.suite);
      }
      c.parts.push(...list.parts);
    },
  );
  const methods = c.within(c.number(1, f.methodsLength));
  while (methods.left > 0) {
    methods.number(1, f.method);
  }
  c.parts.push(...methods.parts);
  extensions(c, f, facts, true);
}

function serverHello(c: Cursor, f: HandshakeFields, facts: HelloFacts): void {
  facts.version = c.number(2, f.version);
  c.bytes(32, f.random);
  sessionId(c, f);
  c.number(2, f.suite);
  c.number(1, f.method);
  extensions(c, f, facts, false);
}

function sessionId(c: Cursor, f: HandshakeFields): void {
  const n = c.number(1, f.sessionIdLength);
  if (n > 0) {
    c.bytes(n, f.sessionId);
  }
}

function certificates(c: Cursor, f: HandshakeFields): void {
  const list = c.within(c.number(3, f.certificatesLength));
  while (list.left >= 3) {
    list.bytes(list.number(3, f.certificateLength), f.certificate);
  }
  c.parts.push(...list.parts);
}

function extensions(c: Cursor, f: HandshakeFields, facts: HelloFacts, client: boolean): void {
  if (c.left < 2) {
    return;
  }
  const all = c.within(c.number(2, f.extensionsLength));
  while (all.left >= 4) {
    const type = c.p.u16(all.at);
    const length = c.p.u16(all.at + 2);
    all.group(
      () => `Extension: ${EXTENSIONS[type] ?? `Unknown type ${type}`} (len=${length})`,
      () => {
        all.number(2, f.extensionType);
        all.number(2, f.extensionLength);
        const body = all.within(length);
        extension(body, f, type, facts, client);
        all.parts.push(...body.parts);
      },
    );
  }
  c.parts.push(...all.parts);
}

function extension(c: Cursor, f: HandshakeFields, type: number, facts: HelloFacts, client: boolean): void {
  if (c.left === 0) {
    return;
  }
  switch (type) {
    case EXT_SERVER_NAME: {
      const list = c.within(c.number(2, f.nameListLength));
      while (list.left >= 3) {
        list.number(1, f.nameType);
        list.text(list.number(2, f.nameLength), f.name);
      }
      c.parts.push(...list.parts);
      break;
    }
    case EXT_ALPN: {
      const list = c.within(c.number(2, f.alpnLength));
      while (list.left > 0) {
        list.text(list.number(1, f.alpnStringLength), f.alpnString);
      }
      c.parts.push(...list.parts);
      break;
    }
    case EXT_GROUPS:
      numbers(c, c.number(2, f.groupsLength), 2, f.group);
      break;
    case EXT_POINTS:
      numbers(c, c.number(1, f.pointsLength), 1, f.point);
      break;
    case EXT_SIGNATURES:
      numbers(c, c.number(2, f.signaturesLength), 2, f.signature);
      break;
    case EXT_VERSIONS:
      if (client) {
        numbers(c, c.number(1, f.supportedLength), 2, f.supported);
      } else {
        facts.version = c.number(2, f.supported);
      }
      break;
    case EXT_KEY_SHARE:
      keyShare(c, f, client);
      break;
    case EXT_STATUS:
    case EXT_PSK_MODES:
      break;
    default:
      break;
  }
}

function keyShare(c: Cursor, f: HandshakeFields, client: boolean): void {
  if (!client && c.left === 2) {
    c.number(2, f.selectedGroup);
    return;
  }
  const list = client ? c.within(c.number(2, f.shareLength)) : c.within(c.left);
  while (list.left >= 4) {
    list.number(2, f.shareGroup);
    list.bytes(list.number(2, f.shareKeyLength), f.shareKey);
  }
  c.parts.push(...list.parts);
}

function numbers(c: Cursor, bytes: number, width: 1 | 2, field: FieldDeclaration): void {
  const list = c.within(bytes);
  while (list.left >= width) {
    list.number(width, field);
  }
  c.parts.push(...list.parts);
}

/** `TLSv1.2`: what the Protocol column says of a version; undefined for one that nobody knows. */
export function versionColumn(version: number): string | undefined {
  switch (version) {
    case 0x0002:
      return 'SSLv2';
    case 0x0300:
      return 'SSLv3';
    case 0x0301:
      return 'TLSv1';
    case 0x0302:
      return 'TLSv1.1';
    case 0x0303:
      return 'TLSv1.2';
    case 0x0304:
      return 'TLSv1.3';
    case 0x0100:
    case 0xfeff:
      return 'DTLSv1.0';
    case 0xfefd:
      return 'DTLSv1.2';
    case 0xfefc:
      return 'DTLSv1.3';
    default:
      return version >> 8 === 0x7f ? 'TLSv1.3' : undefined;
  }
}

export function versionWords(version: number): string {
  return (VERSIONS as Readonly<Record<number, string>>)[version] ?? `Unknown (${hex(version, 4)})`;
}
