/** What packets are decrypted with, by the examples of the standards. */
import assert from 'node:assert/strict';
import { Aes128 } from '../../adapter/packets/aes.ts';
import { hexBytes } from '../../adapter/packets/format.ts';
import { initialWords } from '../../adapter/packets/protocols/quic-initial.ts';
import { expandLabel, hmacSha256, sha256 } from '../../adapter/packets/sha256.ts';
import { hex } from '../kit/frames.ts';

const text = (bytes: Uint8Array): string => hexBytes(bytes, '');
const ascii = (s: string): Uint8Array => new TextEncoder().encode(s);

describe('what packets are decrypted with', () => {
  it('SHA-256 of FIPS 180-4', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(text(sha256(ascii('abc'))), abc);
    const two = '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1';
    assert.equal(text(sha256(ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'))), two);
  });

  it('HMAC of RFC 4231', () => {
    const mac = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    assert.equal(text(hmacSha256(ascii('Jefe'), ascii('what do ya want for nothing?'))), mac);
  });

  it('AES-128 of FIPS 197', () => {
    const key = new Aes128(hex('000102030405060708090a0b0c0d0e0f'));
    assert.equal(text(key.encrypt(hex('00112233445566778899aabbccddeeff'))), '69c4e0d86a7b0430d8cdb78070b4c55a');
  });

  it('the keys of RFC 9001, appendix A.1', () => {
    const salted = hmacSha256(hex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'), hex('8394c8f03e515708'));
    const secret = expandLabel(salted, 'client in', 32);
    assert.equal(text(secret), 'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea');
    assert.equal(text(expandLabel(secret, 'quic key', 16)), '1f369613dd76d5467730efcbe3b1a22d');
  });

  it("a server's Initial packet of RFC 9001, appendix A.3, and one with other keys", () => {
    const bytes = hex(
      'cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a' +
        '5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3' +
        'dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84' +
        '022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4' +
        '2158407dd074ee',
    );
    const packet = { version: 1, bytes, numberAt: 18, fromClient: false };
    assert.equal(initialWords({ ...packet, firstDcid: hex('8394c8f03e515708') }), ', PKN: 1, ACK, CRYPTO');
    assert.equal(initialWords({ ...packet, firstDcid: hex('8394c8f03e515709') }), '');
  });
});
