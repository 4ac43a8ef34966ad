/** `TcpIpView` finds plain TCP without its layers: what it says has to be what the layers say. */
import assert from 'node:assert/strict';
import { LinkLayer } from '../../adapter/packets/link-layer.ts';
import { ip } from '../../adapter/packets/protocols/ip.ts';
import { tcp } from '../../adapter/packets/protocols/tcp.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { ACK, eth, PSH, tcp as tcpFrame } from '../kit/frames.ts';
import { Random } from '../kit/random.ts';

const HEADERS = 54;
const ROUNDS = 20_000;

/** What the layers of the view's packet say. */
function byLayers(p: TcpIpView): readonly number[] {
  const layers = p.packet.layers();
  const network = layers.find((l) => l.protocol === ip);
  const transport = layers.find((l) => l.protocol === tcp);
  return [network?.at ?? -1, network?.end ?? -1, transport?.at ?? -1, transport?.body ?? -1, transport?.end ?? -1];
}

function byView(p: TcpIpView): readonly number[] {
  const [payload, end] = p.tcp < 0 ? [-1, -1] : [p.payload, p.payloadEnd];
  return [p.ip, p.ip < 0 ? -1 : p.l3End, p.tcp, payload, end];
}

describe('headers found without layers', () => {
  it('are those of the layers, whatever the bytes', () => {
    const random = new Random(7);
    const p = new TcpIpView();
    const whole = [
      tcpFrame(1, 2, ACK | PSH, 3, 4, { data: 'some data', pad: [0, 0, 0] }),
      tcpFrame(1, 2, ACK, 3, 4, { opt: [1, 1, 1, 1], data: 'x' }),
      eth(0x0806, new Uint8Array(60)),
    ];
    let plain = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const frame = random.pick(whole).slice();
      for (let n = random.next(3); n > 0; n--) {
        frame[random.next(HEADERS)] = random.next(256);
      }
      const length = random.next(4) === 0 ? random.next(frame.length + 1) : frame.length;
      p.set(frame, 0, length, 'ethernet').find();
      plain += p.tcp >= 0 ? 1 : 0;
      assert.equal(byView(p).join(), byLayers(p).join(), `${frame.subarray(0, length)}`);
      const link = new LinkLayer().find(1, frame.subarray(0, length));
      p.set(frame, link.l3, Math.max(0, length - link.l3), 'ip').find();
      assert.equal(byView(p).join(), byLayers(p).join(), `IP of ${frame.subarray(0, length)}`);
    }
    assert.ok(plain > ROUNDS / 3, `${plain}`);
  });
});
